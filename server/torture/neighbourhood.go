//go:build linux

package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// neighbourCount is the number of neighbours of one daemon.
const neighbourCount = 8

// dim is the number of features per vector.
const dim = 128

// neighbourhood is all the neighbours of one daemon.
type neighbourhood struct {
	fate    *fate
	all     [neighbourCount]*neighbour
	orderly sync.WaitGroup // of those that end before the drain's deadline
	others  sync.WaitGroup // of the others
}

// conducts are those of the neighbours. Half of them speak version 2.
var conducts = [neighbourCount]conduct{version1, obeys, version1, obeys, version1, late, version1, stubborn}

// newNeighbourhood returns the neighbours of a daemon. Unless hindersDrain is set, none of them
// is stubborn, so the daemon need not wait for the drain's deadline.
func newNeighbourhood(f *fate, hindersDrain bool) *neighbourhood {
	h := &neighbourhood{fate: f}
	for i := range h.all {
		how := conducts[i]
		if how == stubborn && !hindersDrain {
			how = late
		}
		h.all[i] = &neighbour{fate: f, source: rawtest.Source{Dim: dim, Client: i}, conduct: how, waits: newWaits()}
	}
	return h
}

// settle starts the neighbours and returns when each has had an answer.
func settle(f *fate, hindersDrain bool) (*neighbourhood, error) {
	h := newNeighbourhood(f, hindersDrain)
	for _, n := range h.all {
		group := &h.orderly
		if n.conduct == stubborn {
			group = &h.others
		}
		group.Go(n.live)
	}
	return h, daemontest.Await(f.patience, "every neighbour is served", h.served)
}

// served reports whether the daemon that is up has answered every neighbour.
func (h *neighbourhood) served() bool {
	for _, n := range h.all {
		if !n.served() {
			return false
		}
	}
	return true
}

// takeWaits returns all neighbours' waits since its last call.
func (h *neighbourhood) takeWaits() *hdrhistogram.Histogram {
	sum := newWaits()
	for _, n := range h.all {
		n.takeWaits(sum)
	}
	return sum
}

// press leaves requests of every neighbour in flight. It returns once they are sent.
func (h *neighbourhood) press() {
	var sent sync.WaitGroup
	for _, n := range h.all {
		sent.Go(n.press)
	}
	sent.Wait()
}

// left returns a channel that is closed when all neighbours but the stubborn have ended.
func (h *neighbourhood) left() <-chan struct{} {
	left := make(chan struct{})
	go func() {
		defer close(left)
		h.orderly.Wait()
	}()
	return left
}

// leave waits until the neighbours have ended, which they do after the daemon's end, and
// returns what they found.
func (h *neighbourhood) leave() score {
	h.orderly.Wait()
	h.others.Wait()
	var sum score
	for _, n := range h.all {
		sum.add(n.score)
	}
	return sum
}

// fillUp connects count clients, which the daemon must all serve: it has room for them beside
// the neighbours once it has released what the attackers took. Every other client speaks
// version 2.
func fillUp(f *fate, count int) error {
	clients := make([]*rawtest.Client, 0, count)
	defer func() {
		for _, c := range clients {
			c.Close()
		}
	}()
	for i := range count {
		c, err := rawtest.Dial(f.addr)
		if err == nil {
			clients = append(clients, c)
			requests, answers := rawtest.Source{Dim: dim, Client: neighbourCount + i}.Pipeline(0, 1)
			if i%2 == 1 {
				requests, answers = append(hello{version: 2}.bytes(), requests...), append(welcome(welcomed, ""), answers...)
			}
			err = errors.Join(c.Allow(f.patience), c.Exchange(requests, answers))
		}
		if err != nil {
			return fmt.Errorf("connection %d of the %d that must be free: %w", i+1, count, err)
		}
	}
	return nil
}
