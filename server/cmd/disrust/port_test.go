//go:build linux

package main

import (
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestTwoAtOnce starts two daemons on one port at the same moment, several times. One serves
// the port, the other says why it does not.
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
			t.Errorf("exactly one of two daemons must serve the port; they serve: %t and %t", daemons[0] != nil, daemons[1] != nil)
		}
	}
}

// TestSharePort restarts a daemon without a gap. While clients connect and send requests, a
// successor joins the daemon on its port, and then the daemon drains. No answer may be wrong.
// A connection may fail only in the instants in which the first daemon stops listening, one
// per I/O thread. Before and after, a daemon that is not told to share is refused.
func TestSharePort(t *testing.T) {
	for listeners := 1; listeners <= 2; listeners++ {
		threads := strconv.Itoa(listeners)
		t.Run("threads="+threads, func(t *testing.T) {
			old := start(t, "--io-threads", threads)
			var clients sync.WaitGroup
			stop := make(chan struct{})
			served, failed := make([]int, 4), make([]int, 4)
			for client := range served {
				clients.Go(func() { served[client], failed[client] = reconnect(t, old.Addr, client, stop) })
			}
			successor := start(t, "--io-threads", threads, "--port", old.Port(), "--share-port")
			wantPortTaken(t, old.Addr)
			rawtest.Check(t, old.Signal(syscall.SIGTERM))
			if status := old.Status(t); status != 0 {
				t.Errorf("status %d, want 0", status)
			}
			wantPortTaken(t, old.Addr)
			rawtest.Check(t, roundTrip(dial(t, successor.Addr), rawtest.Source{Dim: 128}, 0))
			close(stop)
			clients.Wait()
			for client := range served {
				if served[client] == 0 || failed[client] > listeners {
					t.Errorf("client %d was served on %d connections and failed on %d", client, served[client], failed[client])
				}
			}
		})
	}
}

// TestGenerations: under load, a successor joins a daemon on its port, and then the daemon drains, through all
// placements. The Go client loses no call, and a version 1 connection ends between two answers. All connect
// again when the daemon has closed its listeners, which the spread sees to.
func TestGenerations(t *testing.T) {
	spread := func(flags ...string) *daemontest.Daemon { return start(t, append(flags, "--drain-spread", "50ms")...) }
	d := spread()
	l := startLoads(t, d.Addr)
	for _, flags := range everyPlacement {
		l.proceed(t)
		successor := spread(slices.Concat(flags, []string{"--port", d.Port(), "--share-port"})...)
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 0 {
			t.Errorf("status %d, stderr: %s", status, d.Stderr.String())
		}
		d = successor
	}
	l.proceed(t)
	l.end(t, len(everyPlacement))
}

// reconnect sends one request per connection, on one connection after another, until stop is
// closed. It counts the connections that were served and those that failed.
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

// TestKilledAndRestarted kills a daemon while clients send requests, and at once starts
// another on its port, several times. The new daemon gets the port, and no answer is wrong.
func TestKilledAndRestarted(t *testing.T) {
	for _, threads := range []string{"1", "2"} {
		t.Run("threads="+threads, func(t *testing.T) {
			d := start(t, "--io-threads", threads)
			addr, port := d.Addr, d.Port()
			var clients sync.WaitGroup
			stop := make(chan struct{})
			for client := range 4 {
				clients.Go(func() { reconnect(t, addr, client, stop) })
			}
			for range 5 {
				d.Kill()
				d = start(t, "--io-threads", threads, "--port", port)
				rawtest.Check(t, roundTrip(dial(t, addr), rawtest.Source{Dim: 128}, 0))
			}
			close(stop)
			clients.Wait()
		})
	}
}

func launch(command ...string) (*daemontest.Daemon, error) {
	return daemontest.Launch(exec.Command(command[0], command[1:]...))
}
