//go:build race || (!linux && !darwin)

package bufpool

import (
	"errors"
	"unsafe"
)

// mapArena takes the arena from the Go heap, the one memory that the race
// detector watches and every system has. It is made of words for their
// alignment.
func mapArena(size int) (arena []byte, err error) {
	defer func() {
		if recover() != nil { // make panics on a size no address space holds
			err = errors.New("out of address space")
		}
	}()
	words := make([]uint64, (uint(size)+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size), nil
}

// unmapArena leaves the arena to the collector.
func unmapArena([]byte) error { return nil }
