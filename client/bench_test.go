package client

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
)

// answerZeros answers each request of 128 features with zeros: the cheapest
// peer there is, so that the figures are the client's and the kernel's.
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

func BenchmarkScore(b *testing.B) {
	for _, vectors := range []int{1, 64} {
		for _, goroutines := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("vectors=%d/goroutines=%d", vectors, goroutines), func(b *testing.B) {
				c := dial(b, serve(b, 128, answerZeros), Config{})
				defer c.Close()
				b.ReportAllocs()
				b.ResetTimer()
				scoreFrom(b, c, goroutines, vectors)
			})
		}
	}
}

// scoreFrom shares b.N calls out among goroutines.
func scoreFrom(b *testing.B, c *Client, goroutines, vectors int) {
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
}
