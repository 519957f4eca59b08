//go:build linux

package main

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestSignalDrains sends requests and then a signal. The daemon answers the requests, sends
// EOF on every connection, and ends with status 0.
func TestSignalDrains(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			t.Run(sig.String(), func(t *testing.T) { testDrain(t, sig, flags) })
		}
	})
}

func testDrain(t *testing.T, sig syscall.Signal, flags []string) {
	d := start(t, flags...)
	var clients [8]*rawtest.Client
	for i := range clients {
		clients[i] = dial(t, d.Addr)
		rawtest.Check(t, roundTrip(clients[i], rawtest.Source{Dim: 128, Client: i}, 0)) // so that the daemon has accepted it
	}
	idle, cut := dial(t, d.Addr), dial(t, d.Addr)
	rawtest.Check(t, errors.Join(roundTrip(idle, rawtest.Source{Dim: 128}, 0), roundTrip(cut, rawtest.Source{Dim: 128}, 0)))
	rawtest.Check(t, cut.Send(rawtest.Header(1)))
	for i, c := range clients {
		requests, _ := inFlight(i)
		rawtest.Check(t, c.Send(requests))
	}
	rawtest.Check(t, d.Signal(sig))
	for i, c := range clients {
		_, answers := inFlight(i)
		rawtest.Check(t, errors.Join(c.Expect(answers), c.ExpectEOF(), c.Close()))
	}
	rawtest.Check(t, errors.Join(idle.ExpectEOF(), idle.Close(), cut.ExpectEOF(), cut.Close()))
	if status := d.Status(t); status != 0 {
		t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
	}
}

// inFlight returns what client i has in flight. It is so little that the server's kernel has
// all of it once Send returns.
func inFlight(i int) (requests, answers []byte) {
	return rawtest.Source{Dim: 128, Client: i}.Pipeline(1, slices.Repeat([]int{1}, 40)...)
}

// TestHangup: SIGHUP ends nothing, not even in a drain. The built-in model has no file to reload.
func TestHangup(t *testing.T) {
	d := start(t)
	c := dial(t, d.Addr)
	source := rawtest.Source{Dim: 128}
	rawtest.Check(t, roundTrip(c, source, 0))
	rawtest.Check(t, d.Signal(syscall.SIGHUP))
	rawtest.Until(t, "the log has a line", func() bool {
		return strings.Contains(d.Stderr.String(), "the model is built in: there is no file to load it from")
	})
	rawtest.Check(t, roundTrip(c, source, 1))
	rawtest.Check(t, errors.Join(d.Signal(syscall.SIGTERM), d.Signal(syscall.SIGHUP)))
	rawtest.Check(t, errors.Join(c.ExpectEOF(), c.Close()))
	if status := d.Status(t); status != 0 {
		t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
	}
}

// TestSignalAtStart sends SIGTERM at many moments of a start. Before the daemon handles
// signals, the signal kills it. From then on, the daemon ends with status 0.
func TestSignalAtStart(t *testing.T) {
	for delay := time.Duration(0); delay < 60*time.Millisecond; delay += 2 * time.Millisecond {
		cmd := exec.Command(daemon, small()[1:]...)
		p, err := daemontest.StartProcess(cmd)
		rawtest.Check(t, err)
		t.Cleanup(p.Kill)
		<-time.After(delay)
		rawtest.Check(t, p.Signal(syscall.SIGTERM))
		p.Status(t)
		if end := cmd.ProcessState.Sys().(syscall.WaitStatus); end.ExitStatus() != 0 && end.Signal() != syscall.SIGTERM {
			t.Errorf("after %v: %v", delay, cmd.ProcessState)
		}
	}
}

// TestSecondSignalEnds: a peer that reads nothing holds up the drain. The second signal ends
// the daemon at once, long before the drain's deadline.
func TestSecondSignalEnds(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		d, _ := startHeldUp(t, append(flags, "--drain-timeout", "10m")...)
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		rawtest.Until(t, "the drain has begun", func() bool { return refusesConnections(d.Addr) })
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 130 {
			t.Errorf("status %d, want 130; stderr: %s", status, d.Stderr.String())
		}
	})
}

// TestDrainDelay: after the first signal the daemon accepts and answers until the delay is over.
// The second signal does not wait for that.
func TestDrainDelay(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		d := start(t, append(flags, "--drain-delay", "10m")...)
		old := dial(t, d.Addr)
		rawtest.Check(t, errors.Join(roundTrip(old, rawtest.Source{Dim: 128}, 0), d.Signal(syscall.SIGTERM)))
		for seq := range 20 {
			c := dial(t, d.Addr)
			rawtest.Check(t, errors.Join(roundTrip(c, rawtest.Source{Dim: 128, Client: 1}, seq), roundTrip(old, rawtest.Source{Dim: 128}, seq+1), c.Close()))
		}
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 130 {
			t.Errorf("status %d, want 130; stderr: %s", status, d.Stderr.String())
		}
	})
	d := start(t, "--drain-delay", "10ms")
	c := dial(t, d.Addr)
	rawtest.Check(t, errors.Join(roundTrip(c, rawtest.Source{Dim: 128}, 0), d.Signal(syscall.SIGTERM), c.ExpectEOF(), c.Close()))
	if status := d.Status(t); status != 0 {
		t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
	}
}

// TestDrainDeadline: the same peer reads nothing until the drain's deadline. The daemon ends
// by itself and says that it cut connections.
func TestDrainDeadline(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		d, _ := startHeldUp(t, append(flags, "--drain-timeout", "100ms")...)
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		status, said := d.Status(t), strings.TrimPrefix(d.Stderr.String(), d.Ready)
		if status != 0 || strings.Count(said, "\n") != 1 || !strings.Contains(said, "100ms") {
			t.Errorf("status %d, stderr %q; want 0 and a line that names 100ms", status, said)
		}
	})
}

// TestDrainOutlastsSlowPeer: the peer reads after the signal, and goes on sending. The daemon
// answers what has arrived, in order, and the drain ends all the same.
func TestDrainOutlastsSlowPeer(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		d, mute := startHeldUp(t, append(flags, "--drain-timeout", "10m")...)
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		rawtest.Until(t, "the drain has begun", func() bool { return refusesConnections(d.Addr) })
		rawtest.Check(t, mute.ReadToEOF())
		if status := d.Status(t); status != 0 {
			t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
		}
	})
}

// startHeldUp starts a daemon with a peer whose answers it cannot send.
func startHeldUp(t *testing.T, flags ...string) (*daemontest.Daemon, *rawtest.Mute) {
	d := start(t, append(flags, "--dim", "1")...)
	mute, err := rawtest.NewMute(d.Addr, rawtest.Source{Dim: 1}, 64, 16)
	rawtest.Check(t, err)
	t.Cleanup(func() { mute.Drop() })
	other, seq := dial(t, d.Addr), 0
	rawtest.Check(t, rawtest.AwaitBlocked([]*rawtest.Mute{mute}, 64<<20, func() error {
		seq++
		return roundTrip(other, rawtest.Source{Dim: 1, Client: 1}, seq)
	}))
	rawtest.Check(t, other.Close())
	return d, mute
}

func refusesConnections(addr string) bool {
	c, err := rawtest.Dial(addr)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	c.Close()
	return false
}

// TestUntilEOF: with --until-eof the daemon serves for as long as a program holds the other end of
// its standard input, whatever comes through it. Then it drains, even if a signal comes as well.
func TestUntilEOF(t *testing.T) {
	command := small("--until-eof")
	cmd := exec.Command(command[0], command[1:]...)
	held, err := cmd.StdinPipe()
	rawtest.Check(t, err)
	d := daemontest.StartCommand(t, cmd)
	c, source := dial(t, d.Addr), rawtest.Source{Dim: 128}
	_, err = held.Write([]byte("go on\n"))
	rawtest.Check(t, errors.Join(err, roundTrip(c, source, 0), roundTrip(c, source, 1)))
	rawtest.Check(t, errors.Join(held.Close(), cmd.Process.Signal(syscall.SIGTERM))) // as a parent does that ends
	rawtest.Check(t, errors.Join(c.ExpectEOF(), c.Close()))
	if status := d.Status(t); status != 0 {
		t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
	}
}
