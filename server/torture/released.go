//go:build linux

package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// budget is the memory, in bytes, that a daemon promises on its ready line: the fixed part,
// and what a connection may add.
type budget struct{ fixed, conn int }

var memory = regexp.MustCompile(`memory (\S+) (\S+) and (\S+) (\S+) per connection`)

func parseBudget(ready string) (budget, error) {
	m := memory.FindStringSubmatch(ready)
	if m == nil {
		return budget{}, fmt.Errorf("the ready line names no memory: %q", ready)
	}
	return budget{inBytes(m[1], m[2]), inBytes(m[3], m[4])}, nil
}

func inBytes(value, unit string) int {
	v, _ := strconv.ParseFloat(value, 64)
	return int(v * math.Pow(1024, float64(slices.Index([]string{"B", "KiB", "MiB", "GiB"}, unit))))
}

// checkReleased waits until the daemon has released what the attackers took. Then it opens as
// many new connections as the daemon has room for, which must all be served, and compares
// the daemon's memory with its ready line.
func (r *round) checkReleased() {
	r.awaitDescriptors("the attackers")
	room := r.maxConns - neighbourCount
	if r.starved {
		room = min(room, fewDescriptors-r.Before.Descriptors)
	}
	if r.check(fillUp(r.fate, room)) {
		r.awaitDescriptors("the clients after them")
	}
	u, err := r.daemon.Usage()
	if !r.check(err) {
		return
	}
	r.After = holding{u.ResidentBytes, u.Descriptors}
	r.Peak.Bytes, r.Peak.Descriptors = u.PeakBytes, max(r.Peak.Descriptors, r.Before.Descriptors)
	b, err := parseBudget(r.daemon.Ready)
	if !r.check(err) || r.fails { // the copy of torture has more code in memory than the daemon
		return
	}
	if most := b.fixed + r.maxConns*b.conn; u.PeakBytes > most {
		r.fault(fmt.Sprintf("the daemon took %d MiB of memory, but may take only %d", u.PeakBytes>>20, most>>20))
	}
	if u.ResidentBytes > b.fixed {
		r.fault(fmt.Sprintf("the daemon keeps %d MiB of memory, but may keep only %d", u.ResidentBytes>>20, b.fixed>>20))
	}
}

// awaitDescriptors waits until the daemon has no more descriptors than before the attack.
func (r *round) awaitDescriptors(who string) {
	var have int
	err := daemontest.Await(r.patience, "descriptors", func() bool {
		var err error
		have, err = r.daemon.Descriptors()
		return err != nil || have <= r.Before.Descriptors
	})
	if err != nil {
		r.fault(fmt.Sprintf("%v after %s left the daemon has %d descriptors; it began with %d",
			r.patience, who, have, r.Before.Descriptors))
	}
}

// watch samples a daemon's descriptors and keeps the highest count.
type watch struct {
	quit chan struct{}
	done sync.WaitGroup
	most int
}

// watchDescriptors samples every 50 ms until stop.
func watchDescriptors(d *daemontest.Daemon) *watch {
	w := &watch{quit: make(chan struct{})}
	w.done.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if have, err := d.Descriptors(); err == nil {
					w.most = max(w.most, have)
				}
			case <-w.quit:
				return
			}
		}
	})
	return w
}

func (w *watch) stop() (most int) {
	close(w.quit)
	w.done.Wait()
	return w.most
}
