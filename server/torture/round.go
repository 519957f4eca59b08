//go:build linux

package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// round is one daemon's life under attack.
type round struct {
	options
	plan
	result
	daemon     *daemontest.Daemon
	fate       *fate
	neighbours *neighbourhood
}

// runRound carries out a plan. When ctx ends early, the round skips the rest of the attack
// and ends in order.
func runRound(ctx context.Context, o options, p plan) *result {
	r := &round{options: o, plan: p, result: newResult(p)}
	var err error
	if r.daemon, err = launch(o, p, "0"); !r.check(err) {
		return &r.result
	}
	r.fate = &fate{addr: r.daemon.Addr, patience: o.patience}
	r.neighbours, err = settle(r.fate, r.hindersDrain())
	if r.check(err) && r.attack(ctx) {
		r.checkReleased()
		r.drain()
	}
	r.end()
	return &r.result
}

// attack attacks the daemon for the round's share of the time. It reports whether the daemon
// is still up.
func (r *round) attack(ctx context.Context) bool {
	before, err := r.daemon.Usage()
	if !r.check(err) {
		return false
	}
	r.Before = holding{before.ResidentBytes, before.Descriptors}
	r.neighbours.takeWaits()
	began := time.Now()
	share, cancel := context.WithTimeout(ctx, r.total/time.Duration(len(r.plans)))
	defer cancel()
	if r.kills {
		r.killRepeatedly(share)
	} else {
		r.outlast(share)
	}
	r.Lasted = time.Since(began)
	r.Neighbours.keepWaits(r.neighbours.takeWaits())
	if r.daemon.HasEnded() {
		return false
	}
	after, err := r.daemon.Usage()
	if !r.kills { // before and after are of the same daemon
		r.CPU = after.CPU - before.CPU
	}
	return r.check(err)
}

// outlast runs the attackers until ctx or the daemon ends.
func (r *round) outlast(ctx context.Context) {
	t := target{addr: r.fate.addr, maxConns: r.maxConns, seed: r.seed}
	a, err := startAttackers(t, r.attacks)
	if !r.check(err) {
		return
	}
	peak := watchDescriptors(r.daemon)
	select {
	case <-ctx.Done():
	case <-r.daemon.Ended():
	}
	r.Peak.Descriptors = peak.stop()
	r.Attacks, err = a.stopAndTally(3 * r.patience)
	r.check(err)
	for _, t := range r.Attacks {
		r.Faults = append(r.Faults, t.Faults...)
	}
}

// drain ends the daemon with SIGTERM while every neighbour has requests in flight. It
// suspends the daemon while the requests arrive, so that the daemon finds them together with
// the signal, and with it newcomers, who connect meanwhile. The daemon must answer them all and
// send EOF on every connection. It may cut off only a neighbour that does not obey its notice.
func (r *round) drain() {
	if r.hindersDrain() {
		loiterers, err := connectLoiterers(r.fate.addr)
		defer loiterers.leave()
		r.check(err)
	}
	r.check(r.daemon.Suspend())
	r.neighbours.press()
	newcomers, err := connectNewcomers(r.fate)
	r.check(err)
	r.fate.end()
	r.check(r.daemon.Signal(syscall.SIGTERM))
	began := time.Now()
	r.check(r.daemon.Resume())
	r.keep(finish(newcomers))
	select {
	case <-r.neighbours.left():
	case <-time.After(time.Until(began.Add(drainDeadline))):
		r.fault(fmt.Sprintf("a neighbour that obeys has not ended %v after SIGTERM", drainDeadline))
	}
	r.Drain = time.Since(began)
	select {
	case <-r.daemon.Ended():
	case <-time.After(time.Until(began.Add(drainDeadline + drainSlack))):
		r.fault(fmt.Sprintf("the daemon has not ended %v after SIGTERM", drainDeadline+drainSlack))
		return
	}
	if status := r.daemon.ExitCode(); status != 0 {
		r.fault(fmt.Sprintf("the daemon ended with status %d after SIGTERM; %s", status, stderrTail(r.daemon)))
	}
}

// end makes sure that no process is left, and sums up.
func (r *round) end() {
	if !r.daemon.HasEnded() {
		r.fate.over()
		r.daemon.Kill()
	} else if !r.fate.ends.Load() {
		r.fault(fmt.Sprintf("the daemon ended by itself, with status %d; %s", r.daemon.ExitCode(), stderrTail(r.daemon)))
	}
	r.Neighbours.Connections = neighbourCount
	r.keep(r.neighbours.leave())
	r.Counts = counts(r.daemon)
	var turnedAway int64
	for _, t := range r.Attacks {
		turnedAway += t.TurnedAway
	}
	if r.starved && r.Counts["accept_errors"] == 0 {
		r.fault("the daemon never ran out of descriptors, or does not count it")
	}
	if refused := r.Counts["refused"]; turnedAway > refused {
		r.fault(fmt.Sprintf("%d connections ended before their first answer, of which the daemon refused %d", turnedAway, refused))
	}
}
