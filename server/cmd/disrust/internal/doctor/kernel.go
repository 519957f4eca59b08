//go:build linux

package doctor

import (
	"errors"
	"fmt"
	"strings"

	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// honestWait is the first Linux in which a thread that waits in an io_uring does not count as waiting for a disk.
var honestWait = [2]int{6, 15}

func (m machine) kernel() finding {
	const name, file = "kernel", "proc/sys/kernel/osrelease"
	release, _ := m.text(file)
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n < 2 {
		return unknown(name, file)
	}
	f := finding{Name: name, State: ok, Seen: "Linux " + release}
	if m.uring == nil && (major < honestWait[0] || major == honestWait[0] && minor < honestWait[1]) {
		f.State = note
		f.Costs = "An idle I/O thread shows as waiting for a disk (iowait, /proc/pressure/io), and does not. Linux 6.15 counts better."
	}
	return f
}

func (m machine) ioUring() finding {
	f := finding{Name: "io_uring", State: ok, Seen: "works, and the daemon uses it"}
	if m.uring == nil {
		return f
	}
	f.State, f.Seen = note, withoutPackage(m.uring)
	f.Costs = "The daemon serves on epoll, which cost nothing that was measured (PERFORMANCE.md). With --io uring it does not start."
	if blocked, is := errors.AsType[*uring.BlockedError](m.uring); is {
		f.Seen, f.Mend = blocked.Cause(), unblock(blocked)
		f.Costs += " A seccomp profile that allows it has io_uring_setup, io_uring_enter and io_uring_register."
		return f
	}
	if old, is := errors.AsType[*uring.UnsupportedError](m.uring); is {
		f.Seen, f.Mend = old.Cause(), []string{"Linux " + old.Linux + " or newer"}
		return f
	}
	f.State, f.Costs = problem, "The daemon does not start, because this is a shortage. With --io epoll it does without io_uring."
	if errors.Is(m.uring, unix.ENOMEM) {
		f.Mend = []string{"ulimit -l 65536"}
	}
	f.Mend = append(f.Mend, "disrust --io epoll")
	return f
}

const profile = "docker run --security-opt seccomp=PROFILE"

// unblock returns what allows io_uring.
func unblock(b *uring.BlockedError) []string {
	switch {
	case b.Disabled == 1 || b.Disabled == 2:
		return []string{"sysctl -w kernel.io_uring_disabled=0"}
	case b.Errno == unix.EOPNOTSUPP:
		return []string{"a host whose provider allows io_uring"}
	case b.Errno == unix.ENOSYS && b.Call == "io_uring_setup":
		return []string{profile, "Linux 5.19 or newer with CONFIG_IO_URING"}
	}
	return []string{profile}
}

func withoutPackage(err error) string { return strings.TrimPrefix(err.Error(), "uring: ") }

func (m machine) hugePages() finding {
	f := finding{Name: "huge pages", State: ok, Seen: "this kernel has no transparent huge pages"}
	text, shown := m.text("sys/kernel/mm/transparent_hugepage/enabled")
	if !shown {
		return f
	}
	_, rest, _ := strings.Cut(text, "[")
	chosen, _, _ := strings.Cut(rest, "]")
	f.Seen = "transparent_hugepage is " + chosen
	if chosen == "never" {
		f.State, f.Costs = note, "The daemon's buffers lie in small pages. That made no difference that was measured (PERFORMANCE.md)."
		f.Mend = []string{"echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"}
	}
	return f
}
