package uring

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestWaitFlags(t *testing.T) {
	if got := waitFlags(neededFeatures); got != 0 {
		t.Errorf("on a kernel before 6.15: flags %#x, want none", got)
	}
	if got := waitFlags(neededFeatures | FeatNoIOWait); got != enterNoIOWait {
		t.Errorf("on Linux 6.15: flags %#x, want %#x", got, enterNoIOWait)
	}
	r := newRing(t, Config{Entries: 4})
	if r.waitFlags != waitFlags(r.Features()) {
		t.Errorf("flags %#x, features %#x", r.waitFlags, r.Features())
	}
}

// TestIdleIsNoPressure waits in a ring for a completion that does not come. The kernel
// counts that as a wait for a disk only if the flag is missing. The length of a wait is
// what this test is about, so it waits for time and not for a condition.
func TestIdleIsNoPressure(t *testing.T) {
	const idle = 100 * time.Millisecond
	r := newRing(t, Config{Entries: 4})
	if r.waitFlags == 0 {
		t.Skip("needs Linux 6.15")
	}
	group := newThreadGroup(t)
	fd, m := newEventFD(t), memory(t, 8)
	next(t, r).PrepareRead(fd, unsafe.Pointer(&m[0]), 8, 0)
	defer cancelAll(t, r)
	stalled := func(flags uint32) time.Duration {
		r.waitFlags = flags
		before := ioPressure(t, group)
		for begin := time.Now(); time.Since(begin) < idle; { // a signal ends a wait early
			if _, err := r.SubmitAndWait(1, idle); err != nil {
				t.Fatal(err)
			}
		}
		return ioPressure(t, group) - before
	}
	if got := stalled(0); got < idle/2 {
		t.Errorf("without the flag a wait of %v counts as %v for a disk: the measurement does not work", idle, got)
	}
	if got := stalled(enterNoIOWait); got > idle/10 {
		t.Errorf("a wait of %v counts as %v for a disk", idle, got)
	}
}

// newThreadGroup moves the calling thread, and nothing else, to a cgroup of its own
// and returns the cgroup's directory. It skips the test where that is not allowed.
// Only cgroups of version 2 can be threaded: cgroups(7), Linux 4.14.
func newThreadGroup(t *testing.T) string {
	t.Helper()
	home := cgroupOfProcess(t)
	group, err := os.MkdirTemp(home, "uring-test-")
	if err != nil {
		t.Skip("needs a writable cgroup: ", err)
	}
	t.Cleanup(func() { unix.Rmdir(group) })
	thread := strconv.Itoa(unix.Gettid())
	if err := os.WriteFile(filepath.Join(group, "cgroup.type"), []byte("threaded"), 0); err != nil {
		t.Skip("needs a threaded cgroup: ", err)
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.threads"), []byte(thread), 0); err != nil {
		t.Skip("needs to move a thread: ", err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(filepath.Join(home, "cgroup.threads"), []byte(thread), 0); err != nil {
			t.Error(err)
		}
	})
	return group
}

// cgroupOfProcess returns the directory of this process's cgroup of version 2.
func cgroupOfProcess(t *testing.T) string {
	t.Helper()
	text, _ := os.ReadFile("/proc/self/cgroup")
	_, path, found := bytes.Cut(text, []byte("0::"))
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); found && f[2] == "cgroup2" {
			path, _, _ := strings.Cut(string(path), "\n")
			return filepath.Join(f[1], path)
		}
	}
	t.Skip("needs cgroups of version 2")
	return ""
}

// ioPressure returns for how long in total at least one thread of the cgroup was
// waiting for a disk. It skips the test where the kernel does not measure that.
func ioPressure(t *testing.T, group string) time.Duration {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(group, "io.pressure"))
	if err != nil {
		t.Skip("needs pressure stall information: ", err)
	}
	var ten, sixty, threeHundred float64
	var micros int64
	if _, err := fmt.Sscanf(string(text), "some avg10=%f avg60=%f avg300=%f total=%d",
		&ten, &sixty, &threeHundred, &micros); err != nil {
		t.Fatal(err)
	}
	return time.Duration(micros) * time.Microsecond
}
