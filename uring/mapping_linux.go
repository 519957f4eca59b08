package uring

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapping is memory from mmap. It does not move, and the garbage collector does not
// see it. The zero mapping is empty.
type mapping struct {
	base  unsafe.Pointer
	bytes uintptr
}

// mapShared maps memory that the ring fd shares with the kernel.
func mapShared(fd int, offset int64, bytes uintptr) (mapping, error) {
	return mmap(fd, offset, bytes, unix.MAP_SHARED|unix.MAP_POPULATE)
}

// hugePage is the size of a huge page on amd64 and arm64 with 4 KiB pages. Elsewhere
// it is only an alignment.
const hugePage = 2 << 20

// mapPrivate maps zeroed memory that belongs to this process alone. Memory of at
// least one huge page is in huge pages if the system grants them on request
// (transparent_hugepage is madvise or always).
func mapPrivate(bytes uintptr) (mapping, error) {
	if bytes < hugePage {
		return mmap(-1, 0, bytes, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	}
	m, err := mmap(-1, 0, bytes+hugePage, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return mapping{}, err
	}
	m.align(bytes)
	memory := unsafe.Slice((*byte)(m.base), m.bytes)
	_ = unix.Madvise(memory, unix.MADV_HUGEPAGE) // the memory works without huge pages too
	// Linux 5.14. An older kernel answers EINVAL here; a moment later it refuses the
	// buffer ring, with a better error.
	if err := unix.Madvise(memory, unix.MADV_POPULATE_WRITE); err != nil && err != unix.EINVAL {
		m.unmap()
		return mapping{}, fmt.Errorf("uring: populate %d bytes: %w", bytes, err)
	}
	return m, nil
}

// align shrinks m to bytes, rounded up to whole pages, that begin at a multiple of
// hugePage, and unmaps the rest.
func (m *mapping) align(bytes uintptr) {
	page := uintptr(os.Getpagesize())
	bytes = (bytes + page - 1) &^ (page - 1)
	skip := -uintptr(m.base) & (hugePage - 1)
	front := mapping{m.base, skip}
	back := mapping{unsafe.Add(m.base, skip+bytes), m.bytes - skip - bytes}
	front.unmap()
	back.unmap()
	*m = mapping{unsafe.Add(m.base, skip), bytes}
}

// mmap maps memory. If flags has MAP_POPULATE, the calling thread touches every page
// at once: no page faults later, and all pages are near this thread's CPU.
func mmap(fd int, offset int64, bytes uintptr, flags int) (mapping, error) {
	base, err := unix.MmapPtr(fd, offset, nil, bytes, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return mapping{}, fmt.Errorf("uring: map %d bytes: %w", bytes, err)
	}
	return mapping{base, bytes}, nil
}

func (m mapping) at(offset uint32) unsafe.Pointer { return unsafe.Add(m.base, offset) }

func (m mapping) unmap() {
	if m.bytes == 0 {
		return
	}
	if err := unix.MunmapPtr(m.base, m.bytes); err != nil {
		panic("uring: munmap: " + err.Error())
	}
}
