//go:build linux

package main

import (
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// floodAnswers is more bytes than all answers on their way at the signal, and all answers to
// requests that have arrived by then: by default the buffers of both kernels are smaller
// (net.ipv4.tcp_rmem and tcp_wmem: 6 and 4 MiB, Linux 6.18).
const floodAnswers = 12 << 20

// TestDrainEndsUnderFlood: clients send without end and read all answers. The daemon answers
// requests that have arrived at the signal, but not those that arrive later. The drain thus
// ends by itself, long before its deadline.
func TestDrainEndsUnderFlood(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		d := start(t, append(flags, "--drain-timeout", "10m")...)
		var floods [4]*flood
		for i := range floods {
			floods[i] = startFlood(t, d.Addr, i)
		}
		for _, f := range floods {
			rawtest.Until(t, "answers flow", func() bool { return f.read.Load() > 1<<16 })
		}
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		var before [len(floods)]int64
		for i, f := range floods {
			before[i] = f.read.Load()
		}
		rawtest.Check(t, rawtest.Each(len(floods), func(i int) error {
			err := <-floods[i].ended
			floods[i].Close()
			if after := floods[i].read.Load() - before[i]; err == nil && after > floodAnswers {
				err = fmt.Errorf("%d MiB of answers after the signal, want at most %d", after>>20, floodAnswers>>20)
			}
			return err
		}))
		if status := d.Status(t); status != 0 {
			t.Errorf("status %d, want 0; stderr: %s", status, d.Stderr.String())
		}
	})
}

// flood is a client that sends as fast as it can and reads all answers.
type flood struct {
	*rawtest.Client
	read  atomic.Int64
	ended chan error // gets the end of its answers: nil if all were right and EOF followed
}

func startFlood(t *testing.T, addr string, client int) *flood {
	f := &flood{Client: dial(t, addr), ended: make(chan error, 1)}
	requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, slices.Repeat([]int{1}, 500)...)
	go func() {
		for f.Send(requests) == nil { // until the server closes the connection
		}
	}()
	go func() { f.ended <- f.ExpectCycle(answers, &f.read) }()
	return f
}
