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

// Refusal is a seccomp filter that makes system calls fail with an errno, as container
// runtimes do.
type Refusal struct {
	Errno syscall.Errno
	Calls []uint32 // system call numbers, such as unix.SYS_IO_URING_SETUP
}

// refusalFlag begins the first argument of a test binary that ExecRefused turns into another
// command. A test binary that does not call [ExecRefused] does not know the flag and fails
// at once.
const refusalFlag = "-exec-refused="

// Under returns a command line that runs command under the filter. The command line starts
// the test binary, whose TestMain must call [ExecRefused], which executes command in the same
// process. Children of command inherit the filter.
func (r Refusal) Under(command ...string) []string {
	numbers := []string{strconv.Itoa(int(r.Errno))}
	for _, call := range r.Calls {
		numbers = append(numbers, strconv.Itoa(int(call)))
	}
	return append([]string{os.Args[0], refusalFlag + strings.Join(numbers, ",")}, command...)
}

// ExecRefused executes the command of [Refusal.Under] in a process that was started for it.
// In any other process it returns.
func ExecRefused() {
	if len(os.Args) < 3 {
		return
	}
	if numbers, ok := strings.CutPrefix(os.Args[1], refusalFlag); ok {
		fmt.Fprintln(os.Stderr, "rawtest:", execRefused(numbers, os.Args[2:]))
		os.Exit(1)
	}
}

// execRefused returns only when it fails. A filter belongs to a thread, and the command
// inherits the filter of the thread that calls execve.
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

// filterThread installs the filter on the calling thread, which cannot remove it. See
// seccomp(2).
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

// filter returns the program that the kernel runs on each system call's struct seccomp_data.
// It allows all calls of another ABI, whose numbers mean other calls.
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
