//go:build linux

package notify

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// manager is a service manager's socket, and the environment that names it.
type manager struct {
	*net.UnixConn
	env map[string]string
}

func newManager(t *testing.T, name string) manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return manager{conn, map[string]string{"NOTIFY_SOCKET": name}}
}

func (m manager) find(t *testing.T) *Manager {
	t.Helper()
	found, err := Find(func(name string) string { return m.env[name] })
	if err != nil || found == nil {
		t.Fatalf("found %v, %v", found, err)
	}
	t.Cleanup(func() { unix.Close(found.fd) })
	return found
}

func (m manager) receive(t *testing.T) string {
	t.Helper()
	var b [4096]byte
	n, err := m.Read(b[:])
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// drop reads what has been received, and returns how many messages it was.
func (m manager) drop() (messages int) {
	for {
		raw, err := m.SyscallConn()
		if err != nil {
			return messages
		}
		n := -1
		raw.Control(func(fd uintptr) { n, _, err = unix.Recvfrom(int(fd), make([]byte, 4096), unix.MSG_DONTWAIT) })
		if n < 0 || err != nil {
			return messages
		}
		messages++
	}
}

// TestMessages: each message is as systemd expects it, on a socket with a path and on an abstract one.
func TestMessages(t *testing.T) {
	for _, name := range []string{t.TempDir() + "/notify", "@disrust-" + strconv.Itoa(os.Getpid())} {
		from := newManager(t, name)
		m := from.find(t)
		for _, test := range []struct {
			err  error
			want string
		}{
			{m.Status("loads\nthe model"), "STATUS=loads the model"},
			{m.Ready("serves"), "READY=1\nSTATUS=serves"},
			{m.Stopping("drains"), "STOPPING=1\nSTATUS=drains"},
		} {
			if got := from.receive(t); test.err != nil || got != test.want {
				t.Errorf("%q, %v, want %q", got, test.err, test.want)
			}
		}
		before := monotonicMicros(t)
		err := m.Reloading("reloads")
		got := strings.Split(from.receive(t), "\n")
		if err != nil || len(got) != 3 || got[0] != "RELOADING=1" || got[2] != "STATUS=reloads" {
			t.Fatalf("%q, %v", got, err)
		}
		micros, err := strconv.ParseInt(strings.TrimPrefix(got[1], "MONOTONIC_USEC="), 10, 64)
		if err != nil || micros < before || micros > monotonicMicros(t) {
			t.Errorf("%q, %v", got[1], err)
		}
	}
}

func monotonicMicros(t *testing.T) int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return now.Sec*1e6 + now.Nsec/1000
}

// TestFind: the environment may name no manager, or one that cannot be told anything.
func TestFind(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, test := range []struct {
		socket, usec, pid string
		watchdog          time.Duration
		says              string // of the error
	}{
		{"/run/notify", "", "", 0, ""},
		{"/run/notify", "2000000", "", 2 * time.Second, ""},
		{"@notify", "1", own, time.Microsecond, ""},
		{"/run/notify", "2000000", "1", 0, ""},
		{"/run/notify", "0", "", 0, "WATCHDOG_USEC"},
		{"/run/notify", "-1", own, 0, "WATCHDOG_USEC"},
		{"/run/notify", "10s", "", 0, "WATCHDOG_USEC"},
		{"/run/notify", "9223372036854775807", "", 0, "WATCHDOG_USEC"},
		{"vsock:2:1", "", "", 0, "NOTIFY_SOCKET"},
	} {
		env := map[string]string{"NOTIFY_SOCKET": test.socket, "WATCHDOG_USEC": test.usec, "WATCHDOG_PID": test.pid}
		m, err := Find(func(name string) string { return env[name] })
		switch {
		case test.says != "":
			if err == nil || !strings.Contains(err.Error(), test.says) || m != nil {
				t.Errorf("%+v: %v, %v", test, m, err)
			}
		case err != nil || m.watchdog != test.watchdog:
			t.Errorf("%+v: %+v, %v", test, m, err)
		default:
			unix.Close(m.fd)
		}
	}
	none, err := Find(func(string) string { return "" })
	if none != nil || err != nil || none.Ready("") != nil || none.Stopping("") != nil {
		t.Errorf("without a manager: %v, %v", none, err)
	}
	none.Feed(t.Context(), nil, nil)
}

// TestNobodyListens: an error says what was not told. A manager that comes back on the same path is told.
func TestNobodyListens(t *testing.T) {
	name := t.TempDir() + "/notify"
	from := newManager(t, name)
	m := from.find(t)
	from.Close()
	if err := m.Ready("serves"); !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "READY=1") {
		t.Errorf("nobody listens: %v", err)
	}
	os.Remove(name)
	from = newManager(t, name)
	if err := m.Ready("serves"); err != nil || from.receive(t) != "READY=1\nSTATUS=serves" {
		t.Errorf("told again: %v", err)
	}
}

// TestFeed: the watchdog is fed for as long as alive returns nil. While alive waits, it is not, and missed
// learns why.
func TestFeed(t *testing.T) {
	from := newManager(t, t.TempDir()+"/notify")
	from.env["WATCHDOG_USEC"] = "20000"
	m := from.find(t)
	var stuck atomic.Bool
	errs := make(chan error)
	alive := func(ctx context.Context) error {
		if !stuck.Load() {
			return nil
		}
		<-ctx.Done()
		return context.Cause(ctx)
	}
	ctx, cancel := context.WithCancel(t.Context())
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		m.Feed(ctx, alive, func(err error) {
			select {
			case errs <- err:
			default: // the test does not wait for it
			}
		})
	}()
	for range 2 {
		for range 3 {
			if got := from.receive(t); got != "WATCHDOG=1" {
				t.Errorf("received %q", got)
			}
		}
		stuck.Store(true)
		miss := func() {
			if err := <-errs; !strings.Contains(err.Error(), "10ms") {
				t.Errorf("missed: %v", err)
			}
		}
		miss()
		from.drop() // what was sent before
		miss()
		miss()
		if n := from.drop(); n > 0 {
			t.Errorf("the watchdog is fed %d times while nothing moves", n)
		}
		stuck.Store(false)
	}
	cancel()
	<-fed
}
