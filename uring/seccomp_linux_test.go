package uring

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusing calls f on a thread of its own and returns f's error. On that thread a
// seccomp filter answers the system calls with these numbers with errno. The
// goroutine never unlocks the thread, so the thread ends with it, and so does the
// filter.
func refusing(errno unix.Errno, numbers []uint32, f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := refuse(errno, numbers)
		if err == nil {
			err = f()
		}
		result <- err
	}()
	return <-result
}

// refuse puts the filter on the calling thread; it cannot be removed. The filter
// compares only the numbers of the system calls, because io_uring's numbers are the
// same in every ABI. See seccomp(2).
func refuse(errno unix.Errno, numbers []uint32) error {
	const setModeFilter = 1 // SECCOMP_SET_MODE_FILTER
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}} // seccomp_data.nr
	for _, number := range numbers {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jf: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, 0, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return errno
	}
	return nil
}
