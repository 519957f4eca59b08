//go:build !amd64 && !arm64

package ringbuf

// pause does nothing: here a spin loop only polls.
func pause() {}
