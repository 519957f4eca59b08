//go:build linux

package tests

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = 30 * time.Second

func start(t *testing.T, flags ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, append([]string{disrust}, flags...)...)
}

// TestCases: a client keeps what its documentation promises.
func TestCases(t *testing.T) {
	t.Parallel()
	d, stopped := start(t, "--port", "0"), start(t, "--port", "0")
	check(t, stopped.Suspend())
	stdout, stderr, status := daemontest.RunCommandToEnd(t, java("Cases", d.Addr, stopped.Addr))
	if status != 0 || stdout == "" || stderr != "" {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestBits: scores of the daemon have the bits that package client gets, on both backends and over a Unix
// socket, for calls of one request and of several.
func TestBits(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"async", "pipeline", "arrays", "buffers"} {
		s := startSubject(t, mode)
		for _, io := range []string{"uring", "epoll"} {
			d := start(t, "--io", io, "--listen", "127.0.0.1:0", "--listen", "unix:"+t.TempDir()+"/s")
			c, err := client.Dial(t.Context(), client.Config{Addrs: []string{d.Addrs[0]}})
			check(t, err)
			t.Cleanup(func() { c.Close() })
			for _, addr := range d.Addrs {
				compareBits(t, c, s, addr)
			}
		}
	}
}

func compareBits(t *testing.T, c *client.Client, s *subject, addr string) {
	t.Helper()
	const dim = 128
	random := rand.New(rand.NewPCG(1, 2))
	sizes := []int{1, 64, 65, 300}
	var in strings.Builder
	var want []string
	fmt.Fprintf(&in, "client %s\nround %d\n", addr, len(sizes))
	for _, rows := range sizes {
		features, scores := make([]float32, rows*dim), make([]float32, rows)
		for k := range features {
			features[k] = float32(random.NormFloat64())
		}
		features[0] = []float32{1, float32(math.Inf(1)), float32(math.Copysign(0, -1)), math.MaxFloat32}[rows%4]
		check(t, c.Score(t.Context(), scores, features))
		fmt.Fprintf(&in, "0 %d %d", rows, dim)
		appendBits(&in, features)
		in.WriteByte('\n')
		var line strings.Builder
		id := c.Servers()[0].Identity
		fmt.Fprintf(&line, "scores %x", id[:])
		appendBits(&line, scores)
		want = append(want, line.String())
	}
	in.WriteString("end\n")
	if got := s.play(t, in.String()); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: other bits, or %.300q", addr, got)
	}
}

// load is the running program of this name.
type load struct {
	*daemontest.Process
	stop io.Closer
}

func underLoad(t *testing.T, retries int, addrs ...string) *load {
	t.Helper()
	cmd := java("Load", append([]string{fmt.Sprint(retries)}, addrs...)...)
	stop, err := cmd.StdinPipe()
	check(t, err)
	p, err := daemontest.StartProcess(cmd)
	check(t, err)
	t.Cleanup(p.Kill)
	return &load{p, stop}
}

// proceed waits until the program has printed some more lines, or has ended.
func (l *load) proceed(t *testing.T, lines int) {
	t.Helper()
	goal := strings.Count(l.Stdout.String(), "\n") + lines
	check(t, daemontest.Await(safety, "answers under load", func() bool {
		return strings.Count(l.Stdout.String(), "\n") >= goal || l.HasEnded()
	}))
}

// end ends the program, which must have found no fault.
func (l *load) end(t *testing.T) {
	t.Helper()
	l.stop.Close()
	if status := l.Status(t); status != 0 {
		t.Errorf("the load ended with status %d: %s", status, l.Stderr.String())
	}
}

// TestDrain ends two daemons in turn with SIGTERM under load, and starts them again. No call fails, although
// the client sends nothing again that was lost.
func TestDrain(t *testing.T) {
	daemons := []*daemontest.Daemon{start(t, "--port", "0"), start(t, "--port", "0")}
	l := underLoad(t, 0, daemons[0].Addr, daemons[1].Addr)
	for round := range 6 {
		l.proceed(t, 2)
		d := &daemons[round%2]
		check(t, (*d).Signal(syscall.SIGTERM))
		if status := (*d).Status(t); status != 0 {
			t.Errorf("the daemon ended with status %d", status)
		}
		l.proceed(t, 2)
		*d = start(t, "--port", (*d).Port())
	}
	l.end(t)
}

// TestIdle: a daemon that drains does not wait for a client that does nothing.
func TestIdle(t *testing.T) {
	t.Parallel()
	d := start(t, "--port", "0", "--drain-timeout", "1h")
	s := startSubject(t, "buffers")
	fmt.Fprintf(s.in, "client %s\noutputs 1\nround 1\n0 1 128%s\n", d.Addr, strings.Repeat(" 3f800000", 128))
	s.lines(t, 1)
	check(t, d.Signal(syscall.SIGTERM))
	if status := d.Status(t); status != 0 {
		t.Errorf("the daemon ended with status %d", status)
	}
	s.play(t, "end\n")
}

// TestFailover kills and restarts two daemons in turn under load: with retries every call gets its scores.
func TestFailover(t *testing.T) {
	daemons := []*daemontest.Daemon{start(t, "--port", "0"), start(t, "--port", "0")}
	l := underLoad(t, 10, daemons[0].Addr, daemons[1].Addr)
	for round := range 6 {
		l.proceed(t, 2) // their answers earn the next retries
		d := &daemons[round%2]
		(*d).Kill()
		l.proceed(t, 2)
		*d = start(t, "--port", (*d).Port())
	}
	l.end(t)
}

// TestGivesUp: calls to a daemon that is stopped end with their timeouts, and later ones are answered on
// the connection that was there.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"async", "pipeline", "buffers"} {
		d := start(t, "--port", "0")
		s := startSubject(t, mode)
		ask := func(head string, calls, millis int) []string {
			call := fmt.Sprintf("%d 64 128%s\n", millis, strings.Repeat(" 3f800000", 64*128))
			fmt.Fprintf(s.in, "%sround %d\n%s", head, calls, strings.Repeat(call, calls))
			return s.lines(t, calls)
		}
		sums := "scores " + strings.Repeat("0", 64) + strings.Repeat(" 43000000", 64) // 128
		if got := ask("client "+d.Addr+"\noutputs 1\n", 1, 0); got[0] != sums {
			t.Fatalf("%.300q", got)
		}
		check(t, d.Suspend())
		for k, got := range ask("", 200, 20) { // 6 MiB: more than sockets hold
			if got != "timeout" {
				t.Fatalf("call %d: %.300q", k, got)
			}
		}
		check(t, d.Resume())
		if got := ask("", 1, 0); got[0] != sums {
			t.Fatalf("%.300q", got)
		}
		s.play(t, "end\n")
		if served := d.Stderr.String(); strings.Contains(served, "protocol") {
			t.Errorf("the daemon says %s", served)
		}
	}
}
