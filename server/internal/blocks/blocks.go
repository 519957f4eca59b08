//go:build linux

// Package blocks holds memory blocks of one size, for what few connections need
// at a time and each must be able to get: a partial request, unsent responses.
//
// The address space of all blocks is reserved at creation; a page takes memory
// when it is first written. Blocks are reused last in, first out, so the memory
// that is resident is the most that was in use at once since Trim was last called.
package blocks

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// None is the ID of no block.
const None ID = ^ID(0)

// ID names a block of a Store.
type ID uint32

// Store is a fixed number of blocks. One goroutine uses it.
type Store struct {
	mem  []byte
	size int
	free []ID // the next to be taken last
	cold int  // of free, the first so many hold no memory
}

// ErrNoAddressSpace says that the process may not reserve as much as the blocks take.
var ErrNoAddressSpace = errors.New("there is no address space")

// New reserves count blocks of size bytes, rounded up to whole pages.
func New(count, size int) (*Store, error) {
	size = RoundUp(size)
	mem, err := unix.Mmap(-1, 0, count*size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("%w for %d blocks of %d bytes: %w", ErrNoAddressSpace, count, size, err)
	}
	// A huge page would take the memory of blocks that nobody asked for.
	if err := unix.Madvise(mem, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL { // a kernel without them
		unix.Munmap(mem)
		return nil, os.NewSyscallError("madvise", err)
	}
	s := &Store{mem: mem, size: size, free: make([]ID, count), cold: count}
	for i := range s.free {
		s.free[i] = ID(count - 1 - i)
	}
	return s, nil
}

// RoundUp is the memory of a block of size bytes: whole pages.
func RoundUp(size int) int {
	page := unix.Getpagesize()
	return (size + page - 1) / page * page
}

// Get takes a block. The store is sized so that there always is one; an empty
// store is a fault of its owner and panics.
func (s *Store) Get() ID {
	if len(s.free) == 0 {
		panic("blocks: none left")
	}
	id := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	s.cold = min(s.cold, len(s.free))
	return id
}

// Put gives a block back. Neither the kernel nor a slice may use it any more.
func (s *Store) Put(id ID) { s.free = append(s.free, id) }

// Trim gives the memory of free blocks back to the kernel until at most keep
// blocks hold some, those in use included. It costs a system call a block.
func (s *Store) Trim(keep int) {
	for s.Resident() > keep && s.cold < len(s.free) {
		unix.Madvise(s.Bytes(s.free[s.cold]), unix.MADV_DONTNEED) // cannot fail on a mapping of ours
		s.cold++
	}
}

// Resident is how many blocks hold memory, or may.
func (s *Store) Resident() int { return s.count() - s.cold }

// Bytes is the memory of block id. It does not move.
func (s *Store) Bytes(id ID) []byte {
	lo := int(id) * s.size
	return s.mem[lo : lo+s.size : lo+s.size]
}

// Size is the bytes of a block.
func (s *Store) Size() int { return s.size }

// InUse is how many blocks are taken.
func (s *Store) InUse() int { return s.count() - len(s.free) }

func (s *Store) count() int { return len(s.mem) / s.size }

// Close unmaps the memory.
func (s *Store) Close() error { return unix.Munmap(s.mem) }
