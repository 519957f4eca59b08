package uring

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var callNumbers = map[string]uint32{
	setupCall:    unix.SYS_IO_URING_SETUP,
	enterCall:    unix.SYS_IO_URING_ENTER,
	registerCall: unix.SYS_IO_URING_REGISTER,
}

func TestCheck(t *testing.T) {
	if err := Check(); err != nil {
		t.Error(err)
	}
	if err := Check(OpTimeout, OpAccept, OpAsyncCancel, OpClose, OpRead, OpSend, OpRecv); err != nil {
		t.Error(err)
	}
	err := Check(OpSend, 255)
	if !Unavailable(err) || !strings.Contains(err.Error(), "no io_uring operation 255") {
		t.Errorf("an operation that no kernel has: %v", err)
	}
	if Unavailable(nil) || Unavailable(unix.EPERM) {
		t.Error("an error that is not of this package makes io_uring unavailable")
	}
}

// TestCheckRefused has a real seccomp filter refuse one of the system calls, with
// every errno that means io_uring is unavailable and with some that mean that a
// resource ran out.
func TestCheckRefused(t *testing.T) {
	for call, number := range callNumbers {
		for _, errno := range []unix.Errno{unix.EPERM, unix.EACCES, unix.ENOSYS, unix.EOPNOTSUPP} {
			err := refusing(errno, []uint32{number}, func() error { return Check() })
			mustBlock(t, err, call, errno)
		}
		for _, errno := range []unix.Errno{unix.ENOMEM, unix.EMFILE, unix.ENFILE} {
			err := refusing(errno, []uint32{number}, func() error { return Check() })
			if !errors.Is(err, errno) || Unavailable(err) || !strings.HasPrefix(err.Error(), "uring: ") {
				t.Errorf("%s answers %v: %v", call, errno, err)
			}
		}
	}
}

// TestLateRefusals: New succeeds where a filter refuses io_uring_enter or
// io_uring_register. The first use of that call then returns the BlockedError.
func TestLateRefusals(t *testing.T) {
	uses := map[string]struct {
		call string
		use  func(*Ring) error
	}{
		"wait":        {enterCall, func(r *Ring) error { _, err := r.SubmitAndWait(1, -1); return err }},
		"timed wait":  {enterCall, func(r *Ring) error { _, err := r.SubmitAndWait(1, 0); return err }},
		"poll":        {enterCall, func(r *Ring) error { _, err := r.SubmitAndPoll(); return err }},
		"buffer ring": {registerCall, func(r *Ring) error { _, err := r.NewBufRing(1, 2, 8); return err }},
		"operations":  {registerCall, func(r *Ring) error { _, err := r.operations(); return err }},
	}
	for name, test := range uses {
		t.Run(name, func(t *testing.T) {
			err := refusing(unix.EPERM, []uint32{callNumbers[test.call]}, func() error {
				r, err := New(Config{Entries: 4})
				if err != nil {
					return fmt.Errorf("the ring was not made: %w", err)
				}
				defer r.Close()
				return test.use(r)
			})
			mustBlock(t, err, test.call, unix.EPERM)
		})
	}
}

// mustBlock fails the test unless err is a BlockedError of call and errno whose
// text is one sentence that names the call.
func mustBlock(t *testing.T, err error, call string, errno unix.Errno) {
	t.Helper()
	blocked, ok := errors.AsType[*BlockedError](err)
	if !ok || blocked.Call != call || blocked.Errno != errno || !Unavailable(err) {
		t.Errorf("%s answers %v: %v", call, errno, err)
		return
	}
	if text := err.Error(); !strings.HasPrefix(text, "uring: ") || !strings.Contains(text, call) || strings.Contains(text, "\n") {
		t.Errorf("%s answers %v: %q", call, errno, text)
	}
}
