//go:build linux

package rawtest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Refusal is some system calls that a seccomp filter answers with an errno, the
// way container runtimes do, without asking the kernel.
type Refusal struct {
	Errno syscall.Errno
	Calls []uint32 // numbers, by golang.org/x/sys/unix
}

// refusalFlag begins the first argument of a test binary that is to become another
// command. A test binary that does not call [ExecRefused] knows no such flag and
// ends at once.
const refusalFlag = "-exec-refused="

// Under returns the command line that runs command under the filter, by way of
// the test binary, whose TestMain calls [ExecRefused]. The process keeps its
// number, and its children have the filter too.
func (r Refusal) Under(command ...string) []string {
	numbers := []string{strconv.Itoa(int(r.Errno))}
	for _, call := range r.Calls {
		numbers = append(numbers, strconv.Itoa(int(call)))
	}
	return append([]string{os.Args[0], refusalFlag + strings.Join(numbers, ",")}, command...)
}

// ExecRefused turns a process that [Refusal.Under] started into the command it is
// for. It returns in all others.
func ExecRefused() {
	if len(os.Args) < 3 {
		return
	}
	if numbers, ok := strings.CutPrefix(os.Args[1], refusalFlag); ok {
		fmt.Fprintln(os.Stderr, "rawtest:", execRefused(numbers, os.Args[2:]))
		os.Exit(1)
	}
}

// execRefused returns only when it fails. The filter belongs to a thread, and the
// thread that calls execve is the one whose filter the command inherits.
func execRefused(numbers string, command []string) error {
	runtime.LockOSThread()
	var values []uint32
	for text := range strings.SplitSeq(numbers, ",") {
		value, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return err
		}
		values = append(values, uint32(value))
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	r := Refusal{Errno: syscall.Errno(values[0]), Calls: values[1:]}
	if err := r.filterThread(); err != nil {
		return fmt.Errorf("seccomp filter: %w", err)
	}
	return syscall.Exec(path, command, os.Environ())
}

// filterThread puts the filter on the calling thread, for good. See seccomp(2).
func (r Refusal) filterThread() error {
	const setModeFilter = 1 // SECCOMP_SET_MODE_FILTER
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := r.filter()
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, 0, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return errno
	}
	return nil
}

var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// filter is the program that the kernel runs on each system call's struct
// seccomp_data. It allows those of another ABI, whose numbers mean other calls.
func (r Refusal) filter() []unix.SockFilter {
	const (
		number, arch = 0, 4 // offsets in seccomp_data
		load         = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		skipUnless   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		answer       = unix.BPF_RET | unix.BPF_K
	)
	program := []unix.SockFilter{
		{Code: load, K: arch},
		{Code: skipUnless, K: auditArch[runtime.GOARCH], Jt: 1},
		{Code: answer, K: unix.SECCOMP_RET_ALLOW},
		{Code: load, K: number},
	}
	for _, call := range r.Calls {
		program = append(program,
			unix.SockFilter{Code: skipUnless, K: call, Jf: 1},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(r.Errno)})
	}
	return append(program, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW})
}
