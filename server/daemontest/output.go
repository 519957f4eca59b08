//go:build linux

package daemontest

import "sync"

// Output collects what a process writes, for any goroutine to read.
type Output struct {
	mu   sync.Mutex
	text []byte
}

// Write adds b.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	return len(b), nil
}

// String returns what has been written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
