package client

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"math"
	"net"
	"sync"
	"testing"
)

// naive is the client that one writes first: a lock, a queue of channels, one write per
// request, and a goroutine that reads. It pipelines, and it is right as long as nothing
// fails.
type naive struct {
	conn    net.Conn
	mu      sync.Mutex
	pending chan chan []float32
}

func dialNaive(b *testing.B, addr string) *naive {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	n := &naive{conn: conn, pending: make(chan chan []float32, 1024)}
	go n.receive()
	b.Cleanup(func() { conn.Close() })
	return n
}

func (n *naive) Score(ctx context.Context, dst, rows []float32) error {
	request := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+4*len(rows)), uint32(len(dst)))
	for _, f := range rows {
		request = binary.LittleEndian.AppendUint32(request, math.Float32bits(f))
	}
	answer := make(chan []float32, 1)
	n.mu.Lock()
	n.pending <- answer
	_, err := n.conn.Write(request)
	n.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case scores := <-answer:
		copy(dst, scores)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *naive) receive() {
	in := bufio.NewReader(n.conn)
	for {
		var count uint32
		if err := binary.Read(in, binary.LittleEndian, &count); err != nil {
			return
		}
		response := make([]byte, 4*count)
		if _, err := io.ReadFull(in, response); err != nil {
			return
		}
		scores := make([]float32, count)
		for i := range scores {
			scores[i] = math.Float32frombits(binary.LittleEndian.Uint32(response[4*i:]))
		}
		<-n.pending <- scores
	}
}
