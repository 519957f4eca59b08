//go:build linux

package iothread

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNap: a kernel that is short of memory is waited for, for so long, and each
// time is counted; what is no shortage is not.
func TestNap(t *testing.T) {
	for _, shortage := range []error{unix.EAGAIN, unix.EBUSY, nil} {
		k := &RingKernel{}
		for i := range uint64(3) {
			if err := k.nap(shortage); err != nil || k.Busy() != i+1 {
				t.Errorf("%v: nap %d returns %v, and %d are counted", shortage, i+1, err, k.Busy())
			}
		}
		k.naps = 1 << 20
		if err := k.nap(shortage); err == nil || shortage != nil && !errors.Is(err, shortage) {
			t.Errorf("%v: after a second of naps the error is %v", shortage, err)
		}
	}
	if err := new(RingKernel).nap(unix.EBADF); !errors.Is(err, unix.EBADF) {
		t.Errorf("EBADF: the error is %v", err)
	}
}
