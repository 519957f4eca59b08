//go:build !race

package bufpool

import "syscall"

// adviseHugePages asks for transparent huge pages (madvise(2), MADV_HUGEPAGE,
// Linux 2.6.38) where at least one is sure to fit. A kernel built or set up
// without them refuses, and small pages do the same work.
func adviseHugePages(arena []byte) {
	const minSize = 4 << 20
	if len(arena) >= minSize {
		_ = syscall.Madvise(arena, syscall.MADV_HUGEPAGE)
	}
}
