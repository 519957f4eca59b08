//go:build linux

// Package blocks manages memory blocks of one size. They are for data that few connections
// have at a time, but that each connection must be able to have: a partial request, or
// unsent responses.
//
// New reserves the address space of all blocks. A page takes memory only when it is first
// written. Get reuses the block that was returned last. So memory is resident only for as
// many blocks as were in use at the same time, until Trim returns some of it.
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

// Store is a fixed number of blocks. Only one goroutine may use it.
type Store struct {
	mem  []byte
	size int
	free []ID // free blocks; Get takes the last
	cold int  // the first cold blocks of free hold no memory
}

// ErrNoAddressSpace means that the process may not reserve as much address space as the
// blocks need.
var ErrNoAddressSpace = errors.New("there is no address space")

// New reserves count blocks of size bytes, rounded up to whole pages.
func New(count, size int) (*Store, error) {
	size = RoundUp(size)
	mem, err := unix.Mmap(-1, 0, count*size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("%w for %d blocks of %d bytes: %w", ErrNoAddressSpace, count, size, err)
	}
	// A huge page would give memory to blocks that are not in use.
	if err := unix.Madvise(mem, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL { // EINVAL: the kernel has no huge pages
		unix.Munmap(mem)
		return nil, os.NewSyscallError("madvise", err)
	}
	s := &Store{mem: mem, size: size, free: make([]ID, count), cold: count}
	for i := range s.free {
		s.free[i] = ID(count - 1 - i)
	}
	return s, nil
}

// RoundUp returns the memory of a block of size bytes: whole pages.
func RoundUp(size int) int {
	page := unix.Getpagesize()
	return (size + page - 1) / page * page
}

// Get takes a free block. The owner must size the store so that one is always free: otherwise
// Get panics.
func (s *Store) Get() ID {
	if len(s.free) == 0 {
		panic("blocks: none left")
	}
	id := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	s.cold = min(s.cold, len(s.free))
	return id
}

// Put returns a block. From then on, neither the kernel nor any slice may use its memory.
func (s *Store) Put(id ID) { s.free = append(s.free, id) }

// Trim returns the memory of free blocks to the kernel until at most keep blocks hold memory,
// including those in use. It costs one system call per block.
func (s *Store) Trim(keep int) {
	for s.Resident() > keep && s.cold < len(s.free) {
		unix.Madvise(s.Bytes(s.free[s.cold]), unix.MADV_DONTNEED) // cannot fail on this mapping
		s.cold++
	}
}

// Resident returns how many blocks hold memory or may hold it.
func (s *Store) Resident() int { return s.count() - s.cold }

// Bytes returns the memory of block id. It stays at one address.
func (s *Store) Bytes(id ID) []byte {
	lo := int(id) * s.size
	return s.mem[lo : lo+s.size : lo+s.size]
}

// Size returns the size of a block in bytes.
func (s *Store) Size() int { return s.size }

// InUse returns how many blocks are in use.
func (s *Store) InUse() int { return s.count() - len(s.free) }

func (s *Store) count() int { return len(s.mem) / s.size }

// Close unmaps the memory.
func (s *Store) Close() error { return unix.Munmap(s.mem) }
