package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/disrust/disrust/wire"
)

// TestLeavingInMidWrite abandons a call while its rows are being written to a server
// that does not read them, and then overwrites the rows. The server must receive the
// rows as they were, then the third request. It must not receive the second request,
// which was abandoned before any of it was written.
func TestLeavingInMidWrite(t *testing.T) {
	const many = 30_000 // 15 MiB: more than sockets hold
	begun, read := make(chan struct{}), make(chan struct{})
	var seen [][]float32
	addr := serve(t, 128, func(p *peer) {
		p.in.Peek(1)
		close(begun)
		<-read
		for scores, ok := p.readScores(); ok; scores, ok = p.readScores() {
			seen = append(seen, scores)
			p.writeScores(scores)
		}
	})
	c := dial(t, Config{MaxVectors: many}, addr)
	left, want := rowsFrom(1, many, 128)
	first, firstEnds := context.WithCancel(t.Context())
	second, secondEnds := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	callers.Go(func() {
		var gaveUp *GaveUp
		if err := c.Score(first, make([]float32, many), left); !errors.As(err, &gaveUp) || !gaveUp.Written {
			t.Errorf("first: got %v", err)
		}
		for k := range left {
			left[k] = float32(math.NaN())
		}
		close(read)
	})
	<-begun
	callers.Go(func() {
		var gaveUp *GaveUp
		if err := scoreOnce(second, c, 50, 100); !errors.As(err, &gaveUp) || gaveUp.Written {
			t.Errorf("second: got %v", err)
		}
		firstEnds()
	})
	await(t, "second in line", func() bool { return on(c, func(l *link) bool { return l.admitted == 2 }) })
	callers.Go(func() {
		if err := scoreOnce(t.Context(), c, 70, 200); err != nil {
			t.Errorf("third: %v", err)
		}
	})
	await(t, "third in line", func() bool { return on(c, func(l *link) bool { return l.admitted == 3 }) })
	secondEnds()
	callers.Wait()
	c.Close()
	if len(seen) != 2 || !slices.Equal(seen[0], want) || len(seen[1]) != 200 {
		t.Errorf("the server saw %d requests, or wrong rows", len(seen))
	}
}

// partialWriter accepts room bytes and then fails.
type partialWriter struct {
	bytes.Buffer
	room int
}

func (w *partialWriter) Write(b []byte) (int, error) {
	n, _ := w.Buffer.Write(b[:min(w.room, len(b))])
	w.room -= n
	if n < len(b) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// TestWriteBrokenOffAnywhere ends a write after any number of bytes. The next write,
// of the rest and of the requests that were not begun, must continue the stream.
func TestWriteBrokenOffAnywhere(t *testing.T) {
	c := newClient(completed(t, Config{Dim: 1, MaxVectors: 1 << 15}))
	l := newLink(c.slots[0], nil, wire.Welcome{Format: c.format})
	var whole []byte
	var requests []request
	for k, vectors := range []int{1, 3000, 2, 2, 2500} {
		rows, _ := rowsFrom(100*k, vectors, 1)
		whole = wire.AppendRequest(whole, vectors, rows)
		f := &flight{client: c, payload: payloadOf(rows), missing: vectors}
		requests = append(requests, request{flight: f, vectors: vectors})
	}
	fill := func(o *outgoing, rs []request) {
		o.reset()
		for _, r := range rs {
			o.add(r, l, wire.Format{Dim: 1, Outputs: 1, MaxVectors: 1})
		}
	}
	for n := 0; n <= len(whole); n += 1 + n%7 {
		var o outgoing
		fill(&o, requests)
		w := partialWriter{room: n}
		written, _ := o.writeTo(&w)
		begun := o.begun(written)
		o.keepRest(written)
		fill(&o, requests[begun:])
		w.room = math.MaxInt
		if _, err := o.writeTo(&w); err != nil || !bytes.Equal(w.Bytes(), whole) {
			t.Fatalf("broken off after %d of %d bytes, %d requests begun: the stream differs", n, len(whole), begun)
		}
	}
}
