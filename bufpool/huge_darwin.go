//go:build !race

package bufpool

// adviseHugePages does nothing: macOS has no such advice.
func adviseHugePages([]byte) {}
