//go:build !race

package bufpool

// adviseHugePages does nothing: macOS takes no such advice.
func adviseHugePages([]byte) {}
