//go:build linux

// Package notify tells a service manager what the daemon does, as sd_notify(3) and
// sd_watchdog_enabled(3) of systemd describe it. The protocol is a datagram with lines per message.
package notify

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sendTimeout bounds how long a manager that reads nothing holds up the daemon.
const sendTimeout = time.Second

// Manager is the service manager that has started this process. A nil Manager is none: its methods do
// nothing. Any goroutine may call them.
type Manager struct {
	fd       int // a socket without an address: it stays open, because descriptors may run out
	to       unix.SockaddrUnix
	watchdog time.Duration // between two messages of the watchdog, at most; 0: there is none
}

// Find returns the manager that the environment names, or nil. The environment stays as it is.
func Find(getenv func(string) string) (*Manager, error) {
	socket := getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil, nil
	}
	if socket[0] != '/' && socket[0] != '@' {
		return nil, fmt.Errorf("NOTIFY_SOCKET is %q: a path, or @ and the name of an abstract socket, is needed", socket)
	}
	watchdog, err := interval(getenv)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("no socket for the service manager: %w", err)
	}
	timeout := unix.NsecToTimeval(int64(sendTimeout))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &Manager{fd, unix.SockaddrUnix{Name: socket}, watchdog}, nil
}

// interval returns the interval of the watchdog, or 0. WATCHDOG_PID, if it is set, says for which process it is.
func interval(getenv func(string) string) (time.Duration, error) {
	text, pid := getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID")
	if text == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil || micros <= 0 || micros > int64(1<<63-1)/int64(time.Microsecond) {
		return 0, fmt.Errorf("WATCHDOG_USEC is %q: a number of microseconds is needed", text)
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// Ready says that the daemon serves: that it has started, or that a reload has ended. status is for people.
func (m *Manager) Ready(status string) error { return m.send("READY=1", statusLine(status)) }

// Reloading says that a reload has begun. The manager waits until Ready.
func (m *Manager) Reloading(status string) error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return err
	}
	return m.send("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(now.Nano()/1000, 10), statusLine(status))
}

// Stopping says that the daemon's end has begun.
func (m *Manager) Stopping(status string) error { return m.send("STOPPING=1", statusLine(status)) }

// Status says what the daemon does, for people.
func (m *Manager) Status(status string) error { return m.send(statusLine(status)) }

func statusLine(status string) string { return "STATUS=" + strings.ReplaceAll(status, "\n", " ") }

func (m *Manager) send(lines ...string) error {
	if m == nil {
		return nil
	}
	if err := unix.Sendto(m.fd, []byte(strings.Join(lines, "\n")), unix.MSG_NOSIGNAL, &m.to); err != nil {
		return fmt.Errorf("the service manager is not told %s: %w", lines[0], err)
	}
	return nil
}

// Feed feeds the watchdog until ctx ends: three times per interval, and each time only once alive has returned
// nil. alive waits until its context ends. If it waits for half an interval, missed is told its error,
// and each further half. If there is no watchdog, Feed returns at once.
func (m *Manager) Feed(ctx context.Context, alive func(context.Context) error, missed func(error)) {
	if m == nil || m.watchdog == 0 {
		return
	}
	half := m.watchdog / 2
	late := fmt.Errorf("nothing has moved for %s", half)
	ticks := time.NewTicker(m.watchdog / 3)
	defer ticks.Stop()
	for ctx.Err() == nil {
		within, cancel := context.WithTimeoutCause(ctx, half, late)
		err := alive(within)
		cancel()
		if err == nil {
			err = m.send("WATCHDOG=1")
			select {
			case <-ticks.C:
			case <-ctx.Done():
			}
		}
		if err != nil && ctx.Err() == nil {
			missed(err)
		}
	}
}
