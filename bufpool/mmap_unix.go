//go:build (linux || darwin) && !race

package bufpool

import "syscall"

// mapArena maps anonymous memory, which starts on a page boundary (mmap(2)). It is
// outside the Go heap, so the garbage collector neither scans nor counts it.
func mapArena(size int) ([]byte, error) {
	arena, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	adviseHugePages(arena)
	return arena, nil
}

func unmapArena(arena []byte) error { return syscall.Munmap(arena) }
