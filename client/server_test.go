package client

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

// peer is the server's end of a connection, scripted by a test. Its frame code
// is its own, so that a mistake in wire cannot hide in both ends.
type peer struct {
	net.Conn
	dim int
	buf []byte
}

// serve listens on a free port and runs script for each connection; the test
// waits for the scripts at its end.
func serve(t testing.TB, dim int, script func(*peer)) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var scripts sync.WaitGroup
	scripts.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			scripts.Go(func() {
				defer conn.Close()
				script(&peer{Conn: conn, dim: dim})
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		scripts.Wait()
	})
	return listener.Addr().String()
}

// readScores reads one request and returns the sums of its rows; false at the
// end of the stream.
func (p *peer) readScores() ([]float32, bool) {
	var header [4]byte
	if _, err := io.ReadFull(p, header[:]); err != nil {
		return nil, false
	}
	scores := make([]float32, binary.LittleEndian.Uint32(header[:]))
	row := make([]byte, 4*p.dim)
	for i := range scores {
		if _, err := io.ReadFull(p, row); err != nil {
			return nil, false
		}
		for at := 0; at < len(row); at += 4 {
			scores[i] += math.Float32frombits(binary.LittleEndian.Uint32(row[at:]))
		}
	}
	return scores, true
}

func (p *peer) writeScores(scores []float32) {
	p.writeCount(len(scores), scores)
}

// writeCount writes a response whose count need not be true.
func (p *peer) writeCount(count int, scores []float32) {
	p.buf = binary.LittleEndian.AppendUint32(p.buf[:0], uint32(count))
	for _, s := range scores {
		p.buf = binary.LittleEndian.AppendUint32(p.buf, math.Float32bits(s))
	}
	p.Write(p.buf)
}

// answerAll is the script of an honest server.
func answerAll(p *peer) {
	for {
		scores, ok := p.readScores()
		if !ok {
			return
		}
		p.writeScores(scores)
	}
}

// swallow reads until the client goes, and never answers.
func swallow(p *peer) { io.Copy(io.Discard, p) }

func dial(t testing.TB, addr string, cfg Config) *Client {
	t.Helper()
	c, err := Dial(t.Context(), addr, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rowsFrom returns so many rows whose sums count up from first, and the sums.
func rowsFrom(first, vectors, dim int) (rows, sums []float32) {
	for i := range vectors {
		row := make([]float32, dim)
		for j := range row[1:] {
			row[1+j] = float32(j%7 - 3)
			row[0] -= row[1+j]
		}
		row[0] += float32(first + i)
		rows, sums = append(rows, row...), append(sums, float32(first+i))
	}
	return rows, sums
}

// await waits for a condition on what c.mu guards.
func await(t testing.TB, c *Client, what string, condition func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for {
		c.mu.Lock()
		ok := condition()
		c.mu.Unlock()
		if ok {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("waited in vain: %s", what)
		}
		runtime.Gosched()
	}
}
