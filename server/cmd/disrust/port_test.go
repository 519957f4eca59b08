//go:build linux

package main

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestTwoAtOnce starts two daemons on one port at the same moment, again and
// again: one serves it, the other says why it does not.
func TestTwoAtOnce(t *testing.T) {
	for range 10 {
		port := freePort(t)
		var daemons [2]*daemontest.Daemon
		var errs [2]error
		var starting sync.WaitGroup
		for i := range daemons {
			starting.Go(func() { daemons[i], errs[i] = launch(small("--port", port)...) })
		}
		starting.Wait()
		for i, d := range daemons {
			if d == nil && !strings.Contains(errs[i].Error(), "port "+port+" on 127.0.0.1 is in use") {
				t.Errorf("daemon %d: %v", i, errs[i])
			}
			if d != nil {
				rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
				d.Kill()
			}
		}
		if (daemons[0] == nil) == (daemons[1] == nil) {
			t.Errorf("of two daemons on one port, serving: %t and %t", daemons[0] != nil, daemons[1] != nil)
		}
	}
}

// TestSharePort restarts a daemon without a gap: while clients connect and ask,
// its successor joins it on the port, then it drains. No answer is wrong; a
// connection may be refused or cut only in the instants in which the first stops
// listening, one for each of its threads. A daemon that was not told to share is
// refused before and after.
func TestSharePort(t *testing.T) {
	for listeners := 1; listeners <= 2; listeners++ {
		threads := strconv.Itoa(listeners)
		t.Run("threads="+threads, func(t *testing.T) {
			old := start(t, "--io-threads", threads)
			var asking sync.WaitGroup
			stop := make(chan struct{})
			served, failed := make([]int, 4), make([]int, 4)
			for client := range served {
				asking.Go(func() { served[client], failed[client] = reconnect(t, old.Addr, client, stop) })
			}
			successor := start(t, "--io-threads", threads, "--port", old.Port(), "--share-port")
			portTaken(t, old.Addr)
			rawtest.Check(t, old.Signal(syscall.SIGTERM))
			if status := old.Status(t); status != 0 {
				t.Errorf("status %d, want 0", status)
			}
			portTaken(t, old.Addr)
			rawtest.Check(t, roundTrip(dial(t, successor.Addr), rawtest.Source{Dim: 128}, 0))
			close(stop)
			asking.Wait()
			for client := range served {
				if served[client] == 0 || failed[client] > listeners {
					t.Errorf("client %d was served on %d connections and failed on %d", client, served[client], failed[client])
				}
			}
		})
	}
}

// reconnect asks for scores, each on a new connection, until stop is closed.
func reconnect(t *testing.T, addr string, client int, stop <-chan struct{}) (served, failed int) {
	source := rawtest.Source{Dim: 128, Client: client}
	for seq := 0; ; seq++ {
		select {
		case <-stop:
			return served, failed
		default:
		}
		c, err := rawtest.Dial(addr)
		if err == nil {
			requests, answers := source.Pipeline(seq, 1+seq%3)
			err = errors.Join(c.Send(requests), c.Expect(answers))
			if errors.Is(err, rawtest.ErrDiffer) {
				t.Error(err)
			}
			c.Reset()
		}
		if err != nil {
			failed++
		} else {
			served++
		}
	}
}

// TestKilledAndRestarted kills a daemon while clients ask and starts it again on
// its port at once, several times: it finds the port, and no answer is wrong.
func TestKilledAndRestarted(t *testing.T) {
	for _, threads := range []string{"1", "2"} {
		t.Run("threads="+threads, func(t *testing.T) {
			d := start(t, "--io-threads", threads)
			addr, port := d.Addr, d.Port()
			var asking sync.WaitGroup
			stop := make(chan struct{})
			for client := range 4 {
				asking.Go(func() { reconnect(t, addr, client, stop) })
			}
			for range 5 {
				d.Kill()
				d = start(t, "--io-threads", threads, "--port", port)
				rawtest.Check(t, roundTrip(dial(t, addr), rawtest.Source{Dim: 128}, 0))
			}
			close(stop)
			asking.Wait()
		})
	}
}

func launch(command ...string) (*daemontest.Daemon, error) {
	return daemontest.Launch(exec.Command(command[0], command[1:]...))
}
