//go:build linux

package main

import (
	"bufio"
	"io"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestGarbageIsBounded runs the daemon in this process, with receive buffers and connections'
// slots of many megabytes on the heap. Garbage is collected long before there is as much of it.
func TestGarbageIsBounded(t *testing.T) {
	const (
		liveLeast = 4 * mostGarbage
		spare     = 1 << 20 // Go counts stacks and global variables too, and rounds
	)
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	line, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(small("--port", "0", "--io", "epoll", "--max-conns", "65536")[1:], io.Discard, w)
		w.Close()
	}()
	ready, err := bufio.NewReader(line).ReadString('\n')
	rawtest.Check(t, err)
	go io.Copy(io.Discard, line)
	if !strings.HasPrefix(ready, "disrust: ready on ") {
		t.Fatalf("the daemon said %q", ready)
	}
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/goal:bytes"}}
	metrics.Read(heap)
	live, goal := heap[0].Value.Uint64(), heap[1].Value.Uint64()
	if live < liveLeast {
		t.Errorf("%d KiB are live: that is too little to show anything", live>>10)
	}
	if goal > live+mostGarbage+spare {
		t.Errorf("%d KiB are live, and garbage is collected at %d", live>>10, goal>>10)
	}
	rawtest.Check(t, syscall.Kill(syscall.Getpid(), syscall.SIGTERM))
	if status := <-ended; status != 0 {
		t.Errorf("status %d, want 0", status)
	}
}
