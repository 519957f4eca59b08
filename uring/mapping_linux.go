package uring

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapping is memory from mmap: it does not move, and the collector does not see
// it. The zero mapping is empty.
type mapping struct {
	base  unsafe.Pointer
	bytes uintptr
}

// mapShared maps memory of the ring fd.
func mapShared(fd int, offset int64, bytes uintptr) (mapping, error) {
	return mmap(fd, offset, bytes, unix.MAP_SHARED)
}

// mapPrivate maps zeroed memory of our own.
func mapPrivate(bytes uintptr) (mapping, error) {
	return mmap(-1, 0, bytes, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
}

// mmap touches every page, from the calling thread, so that none is faulted in
// later and all are near its CPU.
func mmap(fd int, offset int64, bytes uintptr, flags int) (mapping, error) {
	base, err := unix.MmapPtr(fd, offset, nil, bytes, unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_POPULATE)
	if err != nil {
		return mapping{}, fmt.Errorf("uring: map %d bytes: %w", bytes, err)
	}
	return mapping{base, bytes}, nil
}

func (m mapping) at(offset uint32) unsafe.Pointer { return unsafe.Add(m.base, offset) }

func (m mapping) unmap() {
	if m.base == nil {
		return
	}
	if err := unix.MunmapPtr(m.base, m.bytes); err != nil {
		panic("uring: munmap: " + err.Error())
	}
}
