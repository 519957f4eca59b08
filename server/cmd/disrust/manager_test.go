//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// manager is a service manager as the daemon sees it: a socket that takes messages.
type manager struct {
	addr *net.UnixAddr

	mu       sync.Mutex
	received []string
}

func newManager(t *testing.T, name string) *manager {
	t.Helper()
	m := &manager{addr: &net.UnixAddr{Net: "unixgram", Name: name}}
	conn, err := net.ListenUnixgram("unixgram", m.addr)
	rawtest.Check(t, err)
	t.Cleanup(func() { conn.Close() })
	go func() {
		var b [4096]byte
		for {
			n, err := conn.Read(b[:])
			if err != nil {
				return
			}
			m.mu.Lock()
			m.received = append(m.received, string(b[:n]))
			m.mu.Unlock()
		}
	}()
	return m
}

// messages returns all messages that begin with prefix.
func (m *manager) messages(prefix string) (all []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range m.received {
		if strings.HasPrefix(message, prefix) {
			all = append(all, message)
		}
	}
	return all
}

// await waits until count messages begin with prefix.
func (m *manager) await(t *testing.T, count int, prefix string) {
	t.Helper()
	rawtest.Until(t, fmt.Sprintf("%d messages %s", count, prefix), func() bool { return len(m.messages(prefix)) >= count })
}

// sync waits until every message that was sent before is among those received.
func (m *manager) sync(t *testing.T, word string) {
	t.Helper()
	conn, err := net.DialUnix("unixgram", nil, m.addr)
	rawtest.Check(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte(word))
	rawtest.Check(t, err)
	m.await(t, 1, word)
}

// manages returns the command of a small daemon that m has started.
func (m *manager) manages(env string, command ...string) *exec.Cmd {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+m.addr.Name, env)
	return cmd
}

// TestManagerIsTold: the service manager learns, in this order, that the daemon loads, serves, is about
// to end, and drains. When it learns that the end has begun, the daemon accepts and answers as
// before, for as long as the delay says.
func TestManagerIsTold(t *testing.T) {
	for _, name := range []string{t.TempDir() + "/notify", "@disrust-test-" + strconv.Itoa(os.Getpid())} {
		m := newManager(t, name)
		d := daemontest.StartCommand(t, m.manages("", small("--drain-delay", "10m")...))
		m.await(t, 1, "READY=1\nSTATUS=serves on "+d.Addr+": ")
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		m.await(t, 1, "STOPPING=1\nSTATUS=serves for another 10m0s, then drains")
		rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 130 {
			t.Errorf("status %d, want 130; stderr: %s", status, d.Stderr.String())
		}
		if first := m.messages(""); !strings.HasPrefix(first[0], "STATUS=loads the model sum") || len(first) != 3 || len(m.messages("WATCHDOG")) > 0 {
			t.Errorf("%q", first)
		}
	}
	m := newManager(t, t.TempDir()+"/notify")
	d := daemontest.StartCommand(t, m.manages("", small()...))
	rawtest.Check(t, d.Signal(syscall.SIGTERM))
	if status := d.Status(t); status != 0 {
		t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
	}
	m.sync(t, "end")
	all := m.messages("")
	if len(all) != 5 || !slices.IsSortedFunc(all, func(a, b string) int { return order(a) - order(b) }) {
		t.Errorf("%q", all)
	}
}

// order says when in a daemon's life a message comes.
func order(message string) int {
	return slices.IndexFunc([]string{"STATUS=loads", "READY=1", "STOPPING=1", "STATUS=drains", "end"},
		func(prefix string) bool { return strings.HasPrefix(message, prefix) })
}

// TestManagerIsToldOfReloads: for each SIGHUP the manager is told that a reload has begun, at which moment, and that it
// is over, whatever came of it.
func TestManagerIsToldOfReloads(t *testing.T) {
	m := newManager(t, t.TempDir()+"/notify")
	d := daemontest.StartCommand(t, m.manages("", small("--model", testModel)...))
	m.await(t, 1, "READY=1")
	for i := range 3 {
		rawtest.Check(t, d.Signal(syscall.SIGHUP))
		m.await(t, i+1, "RELOADING=1\nMONOTONIC_USEC=")
		m.await(t, i+2, "READY=1")
	}
}

// TestManagerIsGone: a service manager that cannot be told is logged, and the daemon serves.
func TestManagerIsGone(t *testing.T) {
	for _, name := range []string{"/nowhere/notify", "vsock:2:1"} {
		d := daemontest.StartCommand(t, (&manager{addr: &net.UnixAddr{Name: name}}).manages("", small()...))
		c := dial(t, d.Addr)
		rawtest.Check(t, errors.Join(roundTrip(c, rawtest.Source{Dim: 128}, 0), c.Close()))
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 0 || !strings.Contains(d.Stderr.String(), "no word to the service manager") {
			t.Errorf("status %d, stderr: %s", status, d.Stderr.String())
		}
	}
}

// asStuck, as an environment variable, makes the test's own binary a daemon whose model does not return
// for a row that begins with stuckMark.
const (
	asStuck   = "DISRUST_STUCK"
	stuckMark = 12345
	stuckSays = "the model is stuck"
)

func serveStuck() {
	if os.Getenv(asStuck) == "" {
		return
	}
	builtInModel = batcher.ModelFunc(func(rows []float32, dim int, out []float32) error {
		for i := range out {
			if rows[i*dim] == stuckMark {
				fmt.Fprintln(os.Stderr, stuckSays)
				select {}
			}
			out[i] = rows[i*dim]
		}
		return nil
	})
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// TestWatchdog: the watchdog is fed while the threads are idle. A model that never returns stops it, on
// whichever thread, and the log names the thread.
func TestWatchdog(t *testing.T) {
	binary, err := os.Executable()
	rawtest.Check(t, err)
	eachPlacement(t, func(t *testing.T, flags []string) {
		m := newManager(t, t.TempDir()+"/notify")
		cmd := m.manages("WATCHDOG_USEC=100000", slices.Concat([]string{binary}, small(flags...)[1:])...)
		cmd.Env = append(cmd.Env, asStuck+"=1")
		d := daemontest.StartCommand(t, cmd)
		m.await(t, 1, "READY=1")
		m.await(t, 3, "WATCHDOG=1")
		c := dial(t, d.Addr)
		rawtest.Check(t, c.Send(stuckRequest()))
		rawtest.Until(t, "the model is stuck", func() bool { return strings.Contains(d.Stderr.String(), stuckSays) })
		awaitMissed(t, d, 2)
		m.sync(t, "stuck")
		before := len(m.messages("WATCHDOG=1"))
		awaitMissed(t, d, 2)
		m.sync(t, "still stuck")
		if after := len(m.messages("WATCHDOG=1")); after > before {
			t.Errorf("fed %d times while a thread is stuck", after-before)
		}
		thread := "I/O thread"
		if slices.Contains(flags[:2], "1") {
			thread = "the batch thread"
		}
		if said := d.Stderr.String(); !strings.Contains(said, thread) || !strings.Contains(said, "nothing has moved for 50ms") {
			t.Errorf("stderr does not name %s: %s", thread, said)
		}
	})
}

func stuckRequest() []byte {
	request := append(rawtest.Header(1), make([]byte, 4*128)...)
	binary.LittleEndian.PutUint32(request[4:], math.Float32bits(stuckMark))
	return request
}

// awaitMissed waits until the daemon has logged count times more that it does not feed the watchdog.
func awaitMissed(t *testing.T, d *daemontest.Daemon, count int) {
	t.Helper()
	missed := func() int { return strings.Count(d.Stderr.String(), "the watchdog is not fed") }
	before := missed()
	rawtest.Until(t, "the watchdog is not fed", func() bool { return missed() >= before+count })
}

// TestRestartUnderLoad: a service manager keeps the socket while the daemon is restarted again and again.
// No connection is refused or reset. Every request of version 2 is answered. A version 1
// connection ends only between two answers.
func TestRestartUnderLoad(t *testing.T) {
	file := listenerFile(t, "tcp4", "127.0.0.1:0")
	files := []*os.File{file}
	d := daemontest.StartCommand(t, passing("$$", 1, files, smallAt()...))
	addr, stop, loads := d.Addr, make(chan struct{}), make(chan error, 1)
	var answered atomic.Int64
	go func() {
		loads <- rawtest.Each(5, func(client int) error {
			if client == 0 {
				return scoreUntil(stop, addr)
			}
			return connectUntil(stop, addr, client, &answered)
		})
	}()
	for range 3 {
		before := answered.Load()
		rawtest.Until(t, "the load is under way", func() bool { return answered.Load() >= before+40 })
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 0 {
			t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
		}
		d = daemontest.StartCommand(t, passing("$$", 1, files, smallAt()...))
	}
	close(stop)
	rawtest.Check(t, <-loads)
	rawtest.Check(t, d.Signal(syscall.SIGTERM))
	d.Status(t)
}

// connectUntil connects, asks once and closes, until stop is closed. It counts the answers.
func connectUntil(stop <-chan struct{}, addr string, client int, answered *atomic.Int64) error {
	for seq := 0; ; seq++ {
		select {
		case <-stop:
			return nil
		default:
		}
		c, err := rawtest.Dial(addr)
		if err != nil {
			return fmt.Errorf("connection %d: %w", seq, err)
		}
		requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(seq, 1+seq%2)
		got := make([]byte, len(answers))
		err = c.Send(requests)
		if err == nil {
			if n, first := c.Read(got[:1]); n > 0 { // otherwise the server ended the connection before it had the request
				err = errors.Join(c.Receive(got[1:]), rawtest.Compare(got, answers))
				answered.Add(1)
			} else if first != io.EOF {
				err = first
			}
		}
		if err = errors.Join(err, c.Close()); err != nil {
			return fmt.Errorf("connection %d: %w", seq, err)
		}
	}
}
