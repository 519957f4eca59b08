//go:build linux

package main

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// The system calls of io_uring.
var (
	setup    = []uint32{unix.SYS_IO_URING_SETUP}
	enter    = []uint32{unix.SYS_IO_URING_ENTER}
	register = []uint32{unix.SYS_IO_URING_REGISTER}
	allThree = []uint32{unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER}
)

// refusals are the ways in which an environment refuses io_uring.
var refusals = []struct {
	name    string
	refusal rawtest.Refusal
	cause   string // the daemon's sentence must contain it
}{
	{"Docker", rawtest.Refusal{Errno: unix.EPERM, Calls: allThree}, "io_uring_setup"},
	{"podman", rawtest.Refusal{Errno: unix.ENOSYS, Calls: allThree}, "function not implemented"},
	{"managed cloud", rawtest.Refusal{Errno: unix.EOPNOTSUPP, Calls: setup}, "operation not supported"},
	{"enter alone", rawtest.Refusal{Errno: unix.EPERM, Calls: enter}, "io_uring_enter"},
	{"register alone", rawtest.Refusal{Errno: unix.EPERM, Calls: register}, "io_uring_register"},
}

// TestSeccompFallsBack: where io_uring is refused, the daemon says why and serves on epoll.
func TestSeccompFallsBack(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			d := daemontest.Start(t, test.refusal.Under(small()...)...)
			if !strings.Contains(d.Ready, "epoll") || !strings.Contains(d.Ready, test.cause) {
				t.Errorf("the ready line does not name epoll and %q: %s", test.cause, d.Ready)
			}
			checkServesAndDrains(t, d)
		})
	}
}

// TestSeccompEpoll: a daemon that is told to use epoll serves, however io_uring is refused.
func TestSeccompEpoll(t *testing.T) {
	refusal := rawtest.Refusal{Errno: unix.EMFILE, Calls: allThree}
	checkServesAndDrains(t, daemontest.Start(t, refusal.Under(small("--io", "epoll")...)...))
}

// checkServesAndDrains fails the test unless the daemon answers several clients, and then
// drains at a signal.
func checkServesAndDrains(t *testing.T, d *daemontest.Daemon) {
	t.Helper()
	const clients, requests = 4, 100
	rawtest.Check(t, rawtest.Each(clients, func(i int) error {
		c, err := rawtest.Dial(d.Addr)
		if err != nil {
			return err
		}
		for seq := range requests {
			if err := roundTrip(c, rawtest.Source{Dim: 128, Client: i}, seq); err != nil {
				return errors.Join(err, c.Close())
			}
		}
		return c.Finish()
	}))
	c := dial(t, d.Addr)
	rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, 0))
	rawtest.Check(t, errors.Join(d.Signal(syscall.SIGTERM), c.ExpectEOF(), c.Close()))
	if status := d.Status(t); status != 0 || strings.Contains(d.Stderr.String(), "the drain ended") {
		t.Errorf("status %d, want 0 and no connection cut; stderr: %s", status, &d.Stderr)
	}
}

// TestSeccompUring: where io_uring is refused, a daemon that is told to use it ends with a
// sentence that names the cause and the remedy.
func TestSeccompUring(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			wantCommandRefused(t, environment, test.refusal.Under(small("--io", "uring")...), test.cause, ": use ")
		})
	}
}

// TestSeccompShortage: when memory or descriptors run out, the daemon does not fall back to
// epoll. It ends and says what ran out.
func TestSeccompShortage(t *testing.T) {
	for _, errno := range []syscall.Errno{unix.EMFILE, unix.ENFILE, unix.ENOMEM} {
		for _, io := range []string{"auto", "uring"} {
			t.Run(io+" "+unix.ErrnoName(errno), func(t *testing.T) {
				refusal := rawtest.Refusal{Errno: errno, Calls: setup}
				wantCommandRefused(t, environment, refusal.Under(small("--io", io)...), errno.Error())
			})
		}
	}
}
