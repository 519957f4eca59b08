//go:build linux

package daemontest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = 30 * time.Second

var disrust string // the built daemon

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "daemontest")
	if err != nil {
		panic(err)
	}
	disrust = dir + "/disrust"
	out, err := exec.Command("go", "build", "-o", disrust, "github.com/disrust/disrust/server/cmd/disrust").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v: %s", err, out)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// daemon is a running disrust.
type daemon struct {
	addr  string
	cmd   *exec.Cmd
	ended chan struct{}
}

var readyLine = regexp.MustCompile(`^disrust: ready on (unix:.*?|[0-9.]+:(\d+)): `)

// start runs the daemon on a port, 0 for any, until the test ends.
func start(t *testing.T, port string) *daemon {
	t.Helper()
	return startWith(t, "--port", port)
}

// startWith runs the daemon with flags until the test ends.
func startWith(t *testing.T, flags ...string) *daemon {
	t.Helper()
	d := &daemon{cmd: exec.Command(disrust, flags...), ended: make(chan struct{})}
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.kill)
	lines := bufio.NewReader(stderr)
	line, err := lines.ReadString('\n')
	match := readyLine.FindStringSubmatch(line)
	go func() {
		defer close(d.ended)
		io.Copy(io.Discard, lines)
		d.cmd.Wait()
	}()
	if match == nil {
		t.Fatalf("instead of being ready the daemon said %q (%v)", line, err)
	}
	d.addr = match[1]
	return d
}

func (d *daemon) port() string {
	return readyLine.FindStringSubmatch("disrust: ready on " + d.addr + ": ")[2]
}

func (d *daemon) kill() {
	d.cmd.Process.Kill()
	<-d.ended
}

func (d *daemon) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// stop has every thread of the daemon stopped when it returns, which a SIGSTOP
// alone does not say.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	d.signal(t, syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(d.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the daemon did not stop: %v, %v", status, err)
	}
}

func dial(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
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

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), safety)
	defer stop()
	for !condition() {
		if ctx.Err() != nil {
			t.Fatalf("waited in vain: %s", what)
		}
		runtime.Gosched()
	}
}
