package client

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// peer is the server's end of a connection, scripted by a test. It has frame code of its
// own, so that a mistake in wire cannot cancel out.
type peer struct {
	net.Conn
	in  *bufio.Reader
	dim int
	buf []byte
}

// serve listens on a free port and runs script for each connection. At its end the test
// waits for the scripts.
func serve(t testing.TB, dim int, script func(*peer)) (addr string) {
	t.Helper()
	return serveOn(t, "tcp", "127.0.0.1:0", dim, script)
}

// serveOn is serve on any network and address.
func serveOn(t testing.TB, network, on string, dim int, script func(*peer)) (addr string) {
	t.Helper()
	listener, err := net.Listen(network, on)
	if err != nil {
		t.Fatal(err)
	}
	serveListener(t, listener, dim, script)
	return listener.Addr().String()
}

// serveListener runs script for each connection that listener accepts.
func serveListener(t testing.TB, listener net.Listener, dim int, script func(*peer)) {
	var scripts sync.WaitGroup
	scripts.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			scripts.Go(func() {
				defer conn.Close()
				script(&peer{Conn: conn, in: bufio.NewReader(conn), dim: dim})
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		scripts.Wait()
	})
}

// readScores reads one request and returns the sums of its rows. It returns false at the end
// of the stream.
func (p *peer) readScores() ([]float32, bool) {
	var header [4]byte
	if _, err := io.ReadFull(p.in, header[:]); err != nil {
		return nil, false
	}
	scores := make([]float32, binary.LittleEndian.Uint32(header[:]))
	row := make([]byte, 4*p.dim)
	for i := range scores {
		if _, err := io.ReadFull(p.in, row); err != nil {
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

// writeCount writes a response with a count that may be wrong.
func (p *peer) writeCount(count int, scores []float32) {
	p.buf = binary.LittleEndian.AppendUint32(p.buf[:0], uint32(count))
	for _, s := range scores {
		p.buf = binary.LittleEndian.AppendUint32(p.buf, math.Float32bits(s))
	}
	p.Write(p.buf)
}

// encoded returns the response that carries scores.
func encoded(scores []float32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(scores)))
	for _, s := range scores {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(s))
	}
	return b
}

// answerAll is the script of a server that answers every request rightly.
func answerAll(p *peer) {
	for {
		scores, ok := p.readScores()
		if !ok {
			return
		}
		p.writeScores(scores)
	}
}

// swallow reads until the client closes the connection, and never answers.
func swallow(p *peer) { io.Copy(io.Discard, p) }

// dial returns a Client after each of its slots has tried to connect. The test closes it at
// its end.
func dial(t testing.TB, cfg Config, addrs ...string) *Client {
	t.Helper()
	cfg.Addrs = addrs
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	for _, s := range c.slots {
		await(t, "an attempt of every slot", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return s.link.Load() != nil || s.failed != nil || s.asleep
		})
	}
	return c
}

// completed returns cfg with its defaults, for a Client that does not connect.
func completed(t testing.TB, cfg Config) Config {
	t.Helper()
	if cfg.Addrs == nil {
		cfg.Addrs = []string{"a:1"}
	}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// on returns what read returns for the only connection of c, or zero if there is none.
func on[T any](c *Client, read func(*link) T) (value T) {
	if l := c.slots[0].link.Load(); l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		value = read(l)
	}
	return value
}

// rowsFrom returns vectors rows, whose sums count up from first, and the sums.
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

// await waits for a condition.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for !condition() {
		if ctx.Err() != nil {
			t.Fatalf("waited for a minute: %s", what)
		}
		runtime.Gosched()
	}
}

// scoreOnce scores the rows of rowsFrom and checks the scores.
func scoreOnce(ctx context.Context, c *Client, first, vectors int) error {
	rows, want := rowsFrom(first, vectors, c.cfg.Dim)
	got := make([]float32, vectors)
	if err := c.Score(ctx, got, rows); err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("scores are %v; want %v", got, want)
	}
	return nil
}
