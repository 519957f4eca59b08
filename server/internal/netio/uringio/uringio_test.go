//go:build linux

package uringio

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNap: if the kernel is short of memory, the backend waits for a limited time and counts
// each wait. It does not wait after any other error.
func TestNap(t *testing.T) {
	for _, shortage := range []error{unix.EAGAIN, unix.EBUSY, nil} {
		b := &Backend{}
		for i := range uint64(3) {
			if err := b.nap(shortage); err != nil || b.Busy() != i+1 {
				t.Errorf("%v: nap %d returns %v, and %d are counted", shortage, i+1, err, b.Busy())
			}
		}
		b.naps = 1 << 20
		if err := b.nap(shortage); err == nil || shortage != nil && !errors.Is(err, shortage) {
			t.Errorf("%v: after a second of naps the error is %v", shortage, err)
		}
	}
	if err := new(Backend).nap(unix.EBADF); !errors.Is(err, unix.EBADF) {
		t.Errorf("EBADF: the error is %v", err)
	}
}
