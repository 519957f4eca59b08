//go:build linux

// Package blocks holds memory blocks of one size, for what few connections need
// at a time and each must be able to get: a partial request, unsent responses.
//
// The address space of all blocks is reserved at creation; a page takes memory
// when it is first written. Blocks are reused last in, first out, so the memory
// that ever becomes resident is the most that was in use at once.
package blocks

import (
	"fmt"

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
	free []ID
}

// New reserves count blocks of size bytes, rounded up to whole pages.
func New(count, size int) (*Store, error) {
	page := unix.Getpagesize()
	size = (size + page - 1) / page * page
	mem, err := unix.Mmap(-1, 0, count*size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("reserving %d blocks of %d bytes: %w", count, size, err)
	}
	s := &Store{mem: mem, size: size, free: make([]ID, count)}
	for i := range s.free {
		s.free[i] = ID(count - 1 - i)
	}
	return s, nil
}

// Get takes a block. The store is sized so that there always is one; an empty
// store is a fault of its owner and panics.
func (s *Store) Get() ID {
	if len(s.free) == 0 {
		panic("blocks: none left")
	}
	id := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return id
}

// Put gives a block back. Neither the kernel nor a slice may use it any more.
func (s *Store) Put(id ID) { s.free = append(s.free, id) }

// Bytes is the memory of block id. It does not move.
func (s *Store) Bytes(id ID) []byte {
	lo := int(id) * s.size
	return s.mem[lo : lo+s.size : lo+s.size]
}

// Size is the bytes of a block.
func (s *Store) Size() int { return s.size }

// InUse is how many blocks are taken.
func (s *Store) InUse() int { return len(s.mem)/s.size - len(s.free) }

// Close unmaps the memory.
func (s *Store) Close() error { return unix.Munmap(s.mem) }
