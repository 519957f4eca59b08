//go:build race || (!linux && !darwin)

package bufpool

import (
	"errors"
	"unsafe"
)

// mapArena takes the arena from the Go heap: every system has it, and the race
// detector watches no other memory. It allocates words of 8 bytes to align the
// arena.
func mapArena(size int) (arena []byte, err error) {
	defer func() {
		if recover() != nil { // make panics if no address space holds the size
			err = errors.New("out of address space")
		}
	}()
	words := make([]uint64, (uint(size)+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size), nil
}

// unmapArena leaves the arena to the garbage collector.
func unmapArena([]byte) error { return nil }
