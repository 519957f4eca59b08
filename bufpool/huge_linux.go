//go:build !race

package bufpool

import "syscall"

// adviseHugePages asks for transparent huge pages (madvise(2), MADV_HUGEPAGE,
// Linux 2.6.38) if the arena is large enough to hold one wherever it starts. A
// kernel built or configured without them refuses; the arena then has small
// pages.
func adviseHugePages(arena []byte) {
	const minSize = 4 << 20
	if len(arena) >= minSize {
		_ = syscall.Madvise(arena, syscall.MADV_HUGEPAGE)
	}
}
