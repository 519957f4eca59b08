//go:build linux

package daemontest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"golang.org/x/sys/unix"
)

func startProcess(t *testing.T, command ...string) *daemontest.Process {
	t.Helper()
	p, err := daemontest.StartProcess(exec.Command(command[0], command[1:]...))
	check(t, err)
	t.Cleanup(p.Kill)
	return p
}

// TestReadyLine: a daemon says where it serves, on several addresses at once.
func TestReadyLine(t *testing.T) {
	path := "unix:" + t.TempDir() + "/s"
	d := start(t, "--listen", "127.0.0.1:0", "--listen", path, "--listen", "[::1]:0")
	if len(d.Addrs) != 3 || d.Addr != d.Addrs[0] || d.Addr != "127.0.0.1:"+d.Port() || d.Addrs[1] != path || !strings.HasPrefix(d.Addrs[2], "[::1]:") {
		t.Errorf("%q names %q, the first on port %q", d.Ready, d.Addrs, d.Port())
	}
	if port := start(t, "--listen", path+"2").Port(); port != "" {
		t.Errorf("a Unix socket has port %q", port)
	}
}

// TestNotReady: what does not start, and what ends before it is ready, is an error
// that says why.
func TestNotReady(t *testing.T) {
	for says, command := range map[string][]string{
		"no such file":                                {"/nonexistent/program"},
		"false: ended before it was ready: ":          {"false"},
		"disrust: ended before it was ready: disrust": {disrust, "--port", "x"},
	} {
		d, err := daemontest.Launch(exec.Command(command[0], command[1:]...))
		if d != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", command, err, says)
		}
	}
	if _, err := daemontest.Launch(exec.Command("false")); !errors.Is(err, daemontest.ErrEnded) {
		t.Errorf("%v is no ErrEnded", err)
	}
}

// TestUsage: a daemon's memory and descriptors grow with its connections, and none
// can be read of one that has ended.
func TestUsage(t *testing.T) {
	d := start(t, "--port", "0")
	before, err := d.Usage()
	check(t, err)
	if before.ResidentBytes < 1<<20 || before.PeakBytes < before.ResidentBytes || before.Descriptors < 5 {
		t.Errorf("a daemon has %+v", before)
	}
	const conns = 50
	for range conns {
		conn, err := net.Dial("tcp", d.Addr)
		check(t, err)
		t.Cleanup(func() { conn.Close() })
	}
	check(t, daemontest.Await(safety, "a descriptor for each connection", func() bool {
		now, err := d.Usage()
		check(t, err)
		return now.Descriptors == before.Descriptors+conns
	}))
	d.Kill()
	if u, err := d.Usage(); err == nil {
		t.Errorf("a daemon that has ended has %+v", u)
	}
}

// TestCPUOfProcess: time passes for a process that computes, and not while it is
// suspended.
func TestCPUOfProcess(t *testing.T) {
	p := startProcess(t, "sh", "-c", "while :; do :; done")
	check(t, daemontest.Await(safety, "the process has computed", func() bool { return p.CPU(t) > 0 }))
	check(t, p.Suspend())
	if state := threadStates(t, p.Pid()); strings.Trim(state, "T") != "" {
		t.Errorf("after Suspend the threads' states are %s", state)
	}
	suspended := p.CPU(t)
	for range 1000 {
		if now := p.CPU(t); now != suspended {
			t.Fatalf("a suspended process went on from %v to %v", suspended, now)
		}
	}
	check(t, p.Resume())
	check(t, daemontest.Await(safety, "the process computes on", func() bool { return p.CPU(t) > suspended }))
}

// TestSuspendedThreads: a daemon has many threads, and Suspend returns when all of
// them have stopped.
func TestSuspendedThreads(t *testing.T) {
	d := start(t, "--port", "0", "--io-threads", "8", "--batch-threads", "1", "--wait", "spin")
	for range 20 {
		check(t, d.Suspend())
		if states := threadStates(t, d.Pid()); len(states) < 8 || strings.Trim(states, "T") != "" {
			t.Fatalf("after Suspend the threads' states are %s", states)
		}
		check(t, d.Resume())
	}
}

// threadStates has a letter for each thread of a process (proc_pid_stat(5)).
func threadStates(t *testing.T, pid int) (states string) {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	check(t, err)
	for _, name := range names {
		stat, err := os.ReadFile(name)
		check(t, err)
		_, after, _ := strings.Cut(string(stat), ") ")
		states += after[:1]
	}
	return states
}

// TestSuspendEnded: a process that has ended, or ends meanwhile, cannot be
// suspended, and its end is not lost.
func TestSuspendEnded(t *testing.T) {
	p := startProcess(t, "true")
	if status := p.Status(t); status != 0 {
		t.Errorf("status %d", status)
	}
	if err := p.Suspend(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("of a process that has ended: %v", err)
	}
	for range 50 {
		p := startProcess(t, "sh", "-c", "exit 3")
		p.Suspend()
		p.Resume()
		if status := p.Status(t); status != 3 {
			t.Errorf("status %d, want 3", status)
		}
	}
}

// TestEnds: each way to end a process leaves its status and its last words.
func TestEnds(t *testing.T) {
	loop := []string{"sh", "-c", "trap 'echo bye; echo sorry >&2; exit 4' TERM; echo up; while :; do sleep 0.01; done"}
	p := startProcess(t, loop...)
	check(t, p.AwaitReady(func() bool { return p.Stdout.String() == "up\n" }))
	p.Terminate()
	if p.ExitCode() != 4 || p.Stdout.String() != "up\nbye\n" || p.Stderr.String() != "sorry\n" {
		t.Errorf("status %d, stdout %q, stderr %q", p.ExitCode(), &p.Stdout, &p.Stderr)
	}
	p.Terminate() // again
	p = startProcess(t, loop...)
	p.Kill()
	if status := p.Status(t); status != -1 || !p.HasEnded() {
		t.Errorf("killed, it has status %d", status)
	}
	<-p.Ended()
}

// TestRun: a command that fails is no error, one that has to be ended is.
func TestRun(t *testing.T) {
	stdout, stderr, status := daemontest.RunToEnd(t, "sh", "-c", "echo a; echo b >&2; exit 5")
	if stdout != "a\n" || stderr != "b\n" || status != 5 {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := daemontest.Run(ctx, exec.Command("sleep", "1000"))
	if !errors.Is(err, context.Canceled) || p.ExitCode() != -1 {
		t.Errorf("status %d, %v", p.ExitCode(), err)
	}
	if _, err := daemontest.Run(t.Context(), exec.Command("/nonexistent/program")); err == nil {
		t.Error("a program that is not there is run")
	}
}

// TestOutputElsewhere: a command keeps what its caller gave it to write to.
func TestOutputElsewhere(t *testing.T) {
	var stdout strings.Builder
	cmd := exec.Command("echo", "a")
	cmd.Stdout = &stdout
	if kept, _, _ := daemontest.RunCommandToEnd(t, cmd); kept != "" || stdout.String() != "a\n" {
		t.Errorf("kept is %q, elsewhere is %q", kept, &stdout)
	}
}

// parentCommand makes the test's binary a parent that starts a process from a
// thread that then ends, says which process, and lives on.
const parentCommand = "start-and-say"

func parentMain() int {
	runtime.LockOSThread() // to the main thread, which would not end
	type started struct {
		*daemontest.Process
		err    error
		thread int
	}
	all := make(chan started)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		p, err := daemontest.StartProcess(exec.Command("sleep", "1000"))
		all <- started{p, err, unix.Gettid()}
	}()
	s := <-all
	if s.err != nil {
		fmt.Println(s.err)
		return 1
	}
	err := daemontest.Await(safety, "the thread has ended", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", s.thread))
		return os.IsNotExist(err)
	})
	fmt.Println(s.Pid(), errors.Join(err, s.Suspend(), s.Resume())) // one that is being killed does not stop
	<-s.Ended()
	return 2
}

// TestEndsWithParent: a process lives as long as the one that started it, and no
// longer.
func TestEndsWithParent(t *testing.T) {
	parent := exec.Command(os.Args[0], parentCommand)
	out, err := parent.StdoutPipe()
	check(t, err)
	check(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	match := regexp.MustCompile(`^(\d+) <nil>\n$`).FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("the parent says %q, %v", line, err)
	}
	child, _ := strconv.Atoi(match[1])
	check(t, syscall.Kill(child, 0))
	check(t, parent.Process.Kill())
	_ = parent.Wait() // killed
	check(t, daemontest.Await(safety, "the child has ended", func() bool { return gone(child) }))
}

// gone reports whether a process has ended, whether or not its new parent has
// waited for it.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestFreePort(t *testing.T) {
	port, err := daemontest.FreePort()
	check(t, err)
	d := start(t, "--port", port)
	if d.Port() != port {
		t.Errorf("port %q was free, and the daemon serves on %q", port, d.Port())
	}
}

func TestBuildFails(t *testing.T) {
	if err := daemontest.BuildCommands(t.TempDir(), "./nonexistent"); err == nil || !strings.Contains(err.Error(), "nonexistent") {
		t.Errorf("the error is %v", err)
	}
}
