//go:build amd64 || arm64

package ringbuf

// pause tells the core that it is in a spin loop. On amd64, PAUSE frees shared
// resources for the sibling hardware thread for about 40 cycles, or 140 from
// Skylake on (Intel 64 and IA-32 Optimization Reference Manual). On arm64, YIELD
// is a hint that many cores treat as a NOP.
func pause()
