//go:build linux

package tests

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = 30 * time.Second

const dim = 128 // of the daemon's model sum

func start(t *testing.T, flags ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, append([]string{disrust}, flags...)...)
}

// TestBits: scores of the daemon have the bits that package client gets, on both backends and over a Unix
// socket, for calls of no row, of one request and of several.
func TestBits(t *testing.T) {
	program := compile(t, "subject")
	for _, backend := range []string{"uring", "epoll"} {
		d := start(t, "--io", backend, "--listen", "127.0.0.1:0", "--listen", "unix:"+t.TempDir()+"/s")
		c, err := client.Dial(t.Context(), client.Config{Addrs: d.Addrs[:1]})
		check(t, err)
		t.Cleanup(func() { c.Close() })
		input, want := sampleCalls(t, c)
		for _, addr := range d.Addrs {
			for _, way := range []string{"pipeline", "score"} {
				if got := subject(t, program, input, way, addr); !slices.Equal(got, want) {
					t.Errorf("%s, %s, %s: other bits, or %.300q", backend, way, addr, got)
				}
			}
		}
	}
}

// sampleCalls returns calls for subject, and what it must print of them.
func sampleCalls(t *testing.T, c *client.Client) (input string, want []string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	odd := []float32{1, float32(math.Inf(1)), float32(math.Copysign(0, -1)), math.MaxFloat32, math.SmallestNonzeroFloat32}
	sizes := []int{1, 64, 65, 300, 1500}
	var in strings.Builder
	fmt.Fprintf(&in, "round %d\n", len(sizes))
	for k, rows := range sizes {
		features, scores := make([]float32, rows*dim), make([]float32, rows)
		for j := range features {
			features[j] = float32(random.NormFloat64())
		}
		features[0] = odd[k]
		check(t, c.Score(t.Context(), scores, features))
		appendCall(&in, 0, rows, features)
		id := c.Servers()[0].Identity
		want = append(want, fmt.Sprintf("scores %x%s", id[:], bits(scores)))
	}
	return in.String(), want
}

// load is the running program of this name.
type load struct {
	*daemontest.Process
	stop io.Closer
}

func underLoad(t *testing.T, retries int, addrs ...string) *load {
	t.Helper()
	cmd := exec.Command(compile(t, "load"), append([]string{fmt.Sprint(retries)}, addrs...)...)
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

// TestGivesUp: calls to a daemon that is stopped end with their timeouts, and later ones are answered on the
// connection that was there.
func TestGivesUp(t *testing.T) {
	d := start(t, "--port", "0", "--metrics")
	cmd := exec.Command(compile(t, "subject"), "pipeline", d.Addr)
	stdin, err := cmd.StdinPipe()
	check(t, err)
	p, err := daemontest.StartProcess(cmd)
	check(t, err)
	t.Cleanup(p.Kill)
	ask := func(calls, millis int) {
		var in strings.Builder
		fmt.Fprintf(&in, "round %d\n", calls)
		for range calls {
			appendCall(&in, millis, 64, slices.Repeat([]float32{1}, 64*dim))
		}
		before := strings.Count(p.Stderr.String(), "round\n")
		_, err := io.WriteString(stdin, in.String())
		check(t, err)
		check(t, daemontest.Await(safety, "the calls of a round have ended", func() bool {
			return strings.Count(p.Stderr.String(), "round\n") > before || p.HasEnded()
		}))
	}
	ask(1, 0)
	check(t, d.Suspend())
	for millis := 20; !strings.Contains(p.Stderr.String(), "while waiting"); millis *= 2 {
		ask(200, millis) // 6 MiB: more than sockets hold
	}
	check(t, d.Resume())
	ask(1, 0)
	stdin.Close()
	if status := p.Status(t); status != 0 {
		t.Fatalf("status %d: %s", status, p.Stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(p.Stdout.String()), "\n")
	for k, line := range lines {
		want := "timeout"
		if k == 0 || k == len(lines)-1 {
			want = "scores " + strings.Repeat("0", 64) + strings.Repeat(" 43000000", 64) // 128
		}
		if line != want {
			t.Fatalf("call %d of %d: %.200q", k, len(lines), line)
		}
	}
	if said := p.Stderr.String(); !strings.Contains(said, "before a request was written") || !strings.Contains(said, "while waiting") {
		t.Errorf("not both ways to give up were met: %.1000s", said)
	}
	if served := d.Stderr.String(); strings.Contains(served, "protocol") {
		t.Errorf("the daemon says %s", served)
	}
}
