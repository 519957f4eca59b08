//go:build linux

package daemontest_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = 30 * time.Second

var disrust string // the built daemon

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == parentCommand {
		os.Exit(parentMain())
	}
	os.Exit(daemontest.Main(m, &disrust))
}

// start runs the daemon with flags until the test ends.
func start(t *testing.T, flags ...string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, append([]string{disrust}, flags...)...)
}

func dial(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), cfg)
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// score scores vectors whose sums count up from first, and checks them.
func score(ctx context.Context, c *client.Client, first, vectors int) error {
	const dim = 128
	rows, got := make([]float32, dim*vectors), make([]float32, vectors)
	for i := range vectors {
		for j := 1; j < dim; j++ {
			rows[dim*i+j] = float32(j%7 - 3)
			rows[dim*i] -= rows[dim*i+j]
		}
		rows[dim*i] += float32(first + i)
	}
	if err := c.Score(ctx, got, rows); err != nil {
		return err
	}
	for i := range got {
		if got[i] != float32(first+i) {
			return fmt.Errorf("score %d of %d is %v; want %d", i, vectors, got[i], first+i)
		}
	}
	return nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// failed is a test that has failed.
type failed struct {
	testing.TB
	log strings.Builder
}

// Failed implements [testing.TB].
func (f *failed) Failed() bool { return true }

// Logf implements [testing.TB].
func (f *failed) Logf(format string, args ...any) { fmt.Fprintf(&f.log, format, args...) }

// TestFailedTestTells: the log of a test that has failed says how its daemon was and what the daemon wrote.
func TestFailedTestTells(t *testing.T) {
	for _, c := range []struct {
		sig  syscall.Signal
		want string
	}{
		{0, " runs; "}, {syscall.SIGTERM, " has ended: exit status 0; "}, {syscall.SIGKILL, " has ended: signal: killed; "},
	} {
		f := &failed{}
		t.Run(fmt.Sprint(c.sig), func(t *testing.T) {
			f.TB = t
			d := daemontest.Start(f, disrust, "--port", "0")
			if c.sig != 0 {
				check(t, d.Signal(c.sig))
				d.Status(t)
			}
		})
		if log := f.log.String(); !strings.Contains(log, c.want) || !strings.Contains(log, "stderr: disrust: ready on ") {
			t.Errorf("after %v the log says %q, want %q", c.sig, log, c.want)
		}
	}
}
