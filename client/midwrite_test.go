package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// TestLostPartEndsTheCall: two parts of a call are in writes that do not end, and the
// connection of one part is lost. The other write must stop reading the rows.
func TestLostPartEndsTheCall(t *testing.T) {
	far := make(chan net.Conn, 2)
	cfg := Config{Version: 1, Dim: 1, MaxVectors: 4000, Conns: 2, StallTimeout: time.Hour}
	cfg.dial = func(context.Context, string) (net.Conn, error) {
		near, itsFar := net.Pipe()
		select {
		case far <- itsFar:
			return near, nil
		default:
			return nil, errors.New("refused")
		}
	}
	c := dial(t, cfg, "127.0.0.1:1")
	call := &Call{Dst: make([]float32, 8000), Rows: make([]float32, 8000), Done: make(chan *Call, 1)}
	c.Start(call)
	lost, stays := <-far, <-far
	for _, conn := range []net.Conn{lost, stays} {
		if _, err := conn.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
	}
	lost.Close()
	await(t, "its end", func() bool { return len(call.Done) == 1 })
	if err := call.Wait(t.Context()); !errors.As(err, new(*ConnectionLost)) {
		t.Errorf("got %v", err)
	}
}

// TestAbandonTwoRequestsOfAWrite: three large requests are in one write, and the server has
// read half of the first. The calls of the first and the second give up. The server must
// receive the first as it was, nothing of the second, and the third.
func TestAbandonTwoRequestsOfAWrite(t *testing.T) {
	near, far := net.Pipe() // a write blocks until all of it is read
	defer far.Close()
	cfg := Config{Version: 1, Dim: 1, MaxVectors: 4000, Addrs: []string{"127.0.0.1:1"}}
	cfg.dial = func(context.Context, string) (net.Conn, error) { return near, nil }
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	encoded, wants := make([][]byte, 4), make([][]float32, 4) // encoded, so that every machine writes them by reference
	calls := make([]*Call, 4)
	for k, vectors := range []int{1, 4000, 3000, 3500} {
		var rows []float32
		rows, wants[k] = rowsFrom(10_000*k, vectors, 1)
		encoded[k], _ = binary.Append(nil, binary.LittleEndian, rows)
		calls[k] = &Call{Dst: make([]float32, vectors), Bytes: encoded[k]}
		c.Start(calls[k])
		await(t, "the first is being written, alone", func() bool { return on(c, func(l *link) bool { return l.taken >= 1 }) })
	}
	start := make([]byte, 8+4+8000)
	if _, err := io.ReadFull(far, start); err != nil {
		t.Fatal(err)
	}
	if taken := on(c, func(l *link) uint64 { return l.taken }); taken != 4 {
		t.Fatalf("%d requests taken, want all", taken)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, k := range []int{2, 1} {
		var gaveUp *GaveUp
		if err := calls[k].Wait(ended); !errors.As(err, &gaveUp) || gaveUp.Written != (k == 1) {
			t.Errorf("call %d: got %v", k, err)
		}
		for i := range encoded[k] {
			encoded[k][i] = 0xff
		}
	}
	await(t, "two requests left besides the first", func() bool { return on(c, func(l *link) bool { return l.admitted == 3 }) })

	server := &peer{Conn: far, in: bufio.NewReader(io.MultiReader(bytes.NewReader(start), far)), dim: 1}
	for _, k := range []int{0, 1, 3} {
		if got, _ := server.readScores(); !slices.Equal(got, wants[k]) {
			t.Fatalf("request %d: %d other rows", k, len(got))
		}
		server.writeScores(wants[k])
	}
	for _, k := range []int{0, 3} {
		if err := calls[k].Wait(t.Context()); err != nil || !slices.Equal(calls[k].Dst, wants[k]) {
			t.Errorf("call %d: %v", k, err)
		}
	}
	c.Close()
}
