//go:build linux

package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// newcomerCount is the number of newcomers of a drain. Half of them speak version 2, and half of
// these send the rest of their hello and their requests only after SIGTERM.
const newcomerCount = 4

// newcomer is a client that connects while the daemon is suspended, just before SIGTERM. The
// daemon finds the connection and what has been sent on it in the drain, and must answer all its
// requests.
type newcomer struct {
	*stream
	name  string
	after bool // the requests are sent after SIGTERM
}

// connectNewcomers connects newcomers, which have lastBurst requests each.
func connectNewcomers(f *fate) (all []newcomer, err error) {
	for i := range newcomerCount {
		c, err := rawtest.Dial(f.addr)
		if err != nil {
			return all, err
		}
		how := [...]conduct{version1, obeys}[i%2]
		source := rawtest.Source{Dim: dim, Client: neighbourCount + maxConns + i}
		n := newcomer{newStream(c, source, f, how, 0, 0), fmt.Sprintf("newcomer %d", i), i == newcomerCount-1}
		all = append(all, n)
		if n.after {
			const cut = 4 // enough of the hello to tell the version
			err = n.Send(n.hello[:cut])
			n.hello = n.hello[cut:]
		} else {
			err = n.sendAll()
		}
		if err != nil {
			return all, fmt.Errorf("%s: %w", n.name, err)
		}
	}
	return all, nil
}

func (n newcomer) sendAll() error {
	defer close(n.inFlight)
	return n.sendBurst(lastBurst)
}

// finish expects what the daemon owes all newcomers, and closes their connections.
func finish(all []newcomer) (sum score) {
	found := make([]score, len(all))
	var live sync.WaitGroup
	for i, n := range all {
		live.Go(func() { found[i] = n.finish() })
	}
	live.Wait()
	for _, one := range found {
		sum.add(one)
	}
	return sum
}

func (n newcomer) finish() (found score) {
	defer n.Close()
	if n.after {
		n.sendAll() // if this fails, so does receiving
	}
	if n.conduct == obeys {
		go func() {
			select {
			case <-n.told:
				n.CloseWrite()
			case <-n.ended:
			}
		}()
	}
	err := n.receive(func(time.Duration) { found.verified++ })
	close(n.ended)
	lost := int(n.sent.Load() - n.answered.Load())
	switch {
	case err == nil:
		return found
	case errors.Is(err, rawtest.ErrDiffer):
		found.wrong++
	default:
		found.lost += lost
	}
	found.faults = append(found.faults, fmt.Sprintf("%s has %d requests unanswered: %v", n.name, lost, err))
	return found
}
