//go:build linux

package background

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// policy is the scheduling policy of the thread that calls it.
func policy(t *testing.T) uint32 {
	t.Helper()
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Error(err)
		return 0
	}
	return attr.Policy
}

// TestRun: the work has the lowest priority, what it starts has not, and its thread ends.
func TestRun(t *testing.T) {
	var log bytes.Buffer
	r := Runner{For: time.Hour, Log: slog.New(slog.NewTextHandler(&log, nil))}
	var thread int
	for range 3 {
		r.Run(func() {
			thread = unix.Gettid()
			if thread == unix.Getpid() {
				t.Error("the work runs on the main thread")
			}
			want := uint32(unix.SCHED_IDLE)
			if !r.allowed {
				want = unix.SCHED_NORMAL
			}
			if got := policy(t); got != want {
				t.Errorf("policy %d, want %d", got, want)
			}
			other := make(chan uint32)
			for range 20 {
				go func() { other <- policy(t) }()
			}
			for range 20 {
				if got := <-other; got != unix.SCHED_NORMAL {
					t.Errorf("a goroutine of the work has the policy %d", got)
				}
			}
		})
		gone := filepath.Join("/proc/self/task", fmt.Sprint(thread))
		until(t, "the thread has ended", func() bool { _, err := os.Stat(gone); return os.IsNotExist(err) })
	}
	if told := log.Len() > 0; told == r.allowed {
		t.Errorf("allowed: %v, and the log has %q", r.allowed, &log)
	}
	if r.allowed != mayRaise(t) {
		t.Errorf("allowed: %v", r.allowed)
	}
}

// mayRaise reports whether this process may raise the priority of a thread.
func mayRaise(t *testing.T) bool {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var capabilities uint64
	_, after, _ := strings.Cut(string(status), "\nCapEff:")
	if _, err := fmt.Sscanf(strings.TrimSpace(after), "%x", &capabilities); err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NICE, &limit); err != nil {
		t.Fatal(err)
	}
	return capabilities&(1<<unix.CAP_SYS_NICE) != 0 || limit.Cur >= 20
}

// TestPeriod: the ordinary priority comes back while the work goes on.
func TestPeriod(t *testing.T) {
	r := Runner{For: time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	r.Run(func() {
		until(t, "the ordinary priority", func() bool { return policy(t) == unix.SCHED_NORMAL })
	})
}

// TestMainThread: work that is asked for on the main thread leaves it as it is.
func TestMainThread(t *testing.T) {
	attr, err := unix.SchedGetAttr(unix.Getpid(), 0)
	if err != nil || attr.Policy != unix.SCHED_NORMAL {
		t.Errorf("policy %v of the main thread, %v", attr, err)
	}
}

// TestUnprivileged: where the system would not give the priority back, the work has the ordinary one and the
// log says so once. Run as another user: this test runs the others again as nobody.
func TestUnprivileged(t *testing.T) {
	if os.Geteuid() != 0 {
		return // the other tests are that
	}
	program := filepath.Join(t.TempDir(), "test")
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(program, self, 0o755)
	}
	for folder := filepath.Dir(program); err == nil && folder != os.TempDir(); folder = filepath.Dir(folder) {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run", "TestRun|TestPeriod|TestMainThread", "-test.v")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS") != 3 {
		t.Errorf("%v: %s", err, out)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Errorf("waited in vain: %s", what)
			return
		}
	}
}
