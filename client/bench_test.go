package client

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
)

// answerZeros answers each request of 128 features with zeros. No peer is cheaper, so the
// figures are mostly the client's and the kernel's.
func answerZeros(p *peer) {
	in, out := bufio.NewReaderSize(p, 64<<10), bufio.NewWriterSize(p, 64<<10)
	header, zeros := make([]byte, 4), make([]byte, 4*64)
	for {
		if in.Buffered() == 0 {
			out.Flush()
		}
		if _, err := io.ReadFull(in, header); err != nil {
			return
		}
		vectors := int(binary.LittleEndian.Uint32(header))
		if _, err := in.Discard(512 * vectors); err != nil {
			return
		}
		out.Write(header)
		out.Write(zeros[:4*vectors])
	}
}

// BenchmarkScore runs each load through a Client and through the naive client, each over
// one connection to a server. The naive client speaks version 1.
func BenchmarkScore(b *testing.B) {
	addr, bare := serve(b, 128, answerZeros), serveBare(b, 128, answerZeros)
	for _, vectors := range []int{1, 64} {
		for _, goroutines := range []int{1, 16, 256} {
			load := fmt.Sprintf("vectors=%d/goroutines=%d", vectors, goroutines)
			b.Run(load+"/client", func(b *testing.B) {
				scoreFrom(b, dial(b, Config{}, addr), goroutines, vectors)
			})
			b.Run(load+"/naive", func(b *testing.B) {
				scoreFrom(b, dialNaive(b, bare), goroutines, vectors)
			})
		}
	}
}

type scorer interface {
	Score(ctx context.Context, dst, rows []float32) error
}

// scoreFrom distributes b.N calls over goroutines.
func scoreFrom(b *testing.B, c scorer, goroutines, vectors int) {
	b.ReportAllocs()
	b.ResetTimer()
	var callers sync.WaitGroup
	for g := range goroutines {
		callers.Go(func() {
			dst, rows := make([]float32, vectors), make([]float32, 128*vectors)
			for k := g; k < b.N; k += goroutines {
				if err := c.Score(b.Context(), dst, rows); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkStart has one goroutine keep calls in flight and receive them from one channel.
func BenchmarkStart(b *testing.B) {
	for _, inFlight := range []int{16, 256} {
		b.Run(fmt.Sprintf("in_flight=%d", inFlight), func(b *testing.B) {
			c := dial(b, Config{}, serve(b, 128, answerZeros))
			done := make(chan *Call, inFlight)
			rows := make([]float32, 128)
			for range inFlight {
				call := &Call{Dst: make([]float32, 1), Rows: rows, Done: done}
				c.Start(call)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				call := <-done
				if err := call.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				c.Start(call)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.StopTimer()
			for range inFlight {
				(<-done).Wait(b.Context())
			}
		})
	}
}
