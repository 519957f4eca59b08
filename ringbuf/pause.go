//go:build amd64 || arm64

package ringbuf

// pause tells the core that it is in a spin loop. PAUSE on amd64 frees shared
// resources for the sibling thread for about 40 cycles, 140 from Skylake on
// (Intel 64 and IA-32 Optimization Reference Manual); YIELD on arm64 is a hint
// that many cores treat as a NOP.
func pause()
