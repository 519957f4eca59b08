//go:build !amd64 && !arm64

package ringbuf

// pause does nothing: the poll itself is the pause.
func pause() {}
