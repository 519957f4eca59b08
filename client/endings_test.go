package client

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestServerClosesMidResponse(t *testing.T) {
	c := dial(t, serve(t, 3, func(p *peer) {
		p.readScores()
		p.Write([]byte{2, 0, 0, 0, 1, 2, 3})
	}), small)
	defer c.Close()
	err := c.Score(t.Context(), make([]float32, 2), make([]float32, 6))
	var lost *ConnectionLost
	if !errors.As(err, &lost) || !lost.Written {
		t.Errorf("got %v", err)
	}
	err = c.Score(t.Context(), make([]float32, 1), make([]float32, 3))
	if !errors.As(err, &lost) || lost.Written {
		t.Errorf("afterwards got %v", err)
	}
}

// TestLostWhileQueued loses the connection under a call that waits for the
// window and one that has sent only its first part.
func TestLostWhileQueued(t *testing.T) {
	queued := make(chan struct{})
	c := dial(t, serve(t, 3, func(p *peer) {
		p.readScores()
		<-queued
	}), Config{Dim: 3, MaxVectors: 4, Window: 1})
	defer c.Close()
	results := make(chan error)
	score := func(vectors int) {
		results <- c.Score(t.Context(), make([]float32, vectors), make([]float32, 3*vectors))
	}
	go score(8)
	await(t, c, "first part sent", func() bool { return c.taken == 1 })
	go score(1)
	close(queued)
	written := 0
	for range 2 {
		err := <-results
		var lost *ConnectionLost
		if !errors.As(err, &lost) {
			t.Fatalf("got %v", err)
		}
		if lost.Written {
			written++
		}
	}
	if written != 1 {
		t.Errorf("%d of 2 say that they were written, want the first alone", written)
	}
}

func TestProtocolErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(*peer)
		want ProtocolError
	}{
		{"fewer", func(p *peer) { p.writeScores(make([]float32, 1)) }, ProtocolError{1, 2}},
		{"more", func(p *peer) { p.writeScores(make([]float32, 3)) }, ProtocolError{3, 2}},
		{"more, header alone", func(p *peer) { p.writeCount(3, nil) }, ProtocolError{3, 2}},
		{"none", func(p *peer) { p.writeCount(0, nil) }, ProtocolError{0, 2}},
		{"above max_vectors", func(p *peer) { p.writeCount(70_000, nil) }, ProtocolError{70_000, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := dial(t, serve(t, 3, func(p *peer) {
				p.readScores()
				c.send(p)
				swallow(p)
			}), small)
			defer client.Close()
			err := client.Score(t.Context(), make([]float32, 2), make([]float32, 6))
			var got *ProtocolError
			if !errors.As(err, &got) || *got != c.want {
				t.Errorf("got %v, want %v", err, &c.want)
			}
		})
	}
}

func TestResponseWithoutRequest(t *testing.T) {
	c := dial(t, serve(t, 3, func(p *peer) {
		p.writeScores([]float32{1})
		swallow(p)
	}), small)
	defer c.Close()
	await(t, c, "connection given up", func() bool { return c.err != nil })
	err := c.Score(t.Context(), make([]float32, 1), make([]float32, 3))
	var got *ProtocolError
	if !errors.As(err, &got) || got.Want != 0 {
		t.Errorf("got %v", err)
	}
}

func TestCloseDrains(t *testing.T) {
	closing := make(chan struct{})
	c := dial(t, serve(t, 3, func(p *peer) {
		<-closing
		answerAll(p)
	}), small)
	var callers sync.WaitGroup
	for g := range 10 {
		callers.Go(func() {
			rows, want := rowsFrom(g, 6, 3)
			got := make([]float32, 6)
			if err := c.Score(t.Context(), got, rows); err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		})
	}
	await(t, c, "all in flight", func() bool { return c.admitted == 20 })
	go func() {
		await(t, c, "closing", func() bool { return c.closing })
		if err := c.Score(t.Context(), make([]float32, 1), make([]float32, 3)); !errors.Is(err, ErrClosed) {
			t.Errorf("while closing got %v", err)
		}
		close(closing)
	}()
	c.Close()
	callers.Wait()
	if err := c.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if err := c.Score(t.Context(), make([]float32, 1), make([]float32, 3)); !errors.Is(err, ErrClosed) {
		t.Errorf("afterwards got %v", err)
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, loop := range []string{"(*Client).send", "(*Client).receive"} {
		if strings.Contains(string(stacks), loop) {
			t.Errorf("%s still runs", loop)
		}
	}
}

func TestDialErrors(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		says string
	}{
		{Config{Window: -1}, "window is -1"},
		{Config{Window: maxWindow + 1}, "window is 1048577"},
		{Config{Dim: -1}, "dim is -1"},
		{Config{MaxVectors: -2}, "max_vectors is -2"},
	} {
		if _, err := Dial(t.Context(), "127.0.0.1:1", c.cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.says)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	_, err = Dial(t.Context(), listener.Addr().String(), Config{})
	var netErr *net.OpError
	if !errors.As(err, &netErr) || !strings.HasPrefix(err.Error(), "client: dial") {
		t.Errorf("got %v", err)
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&DimError{Rows: 5, Scores: 2, Dim: 3}, "client: 5 features given for 2 scores; 6 of dim 3 are needed"},
		{&ConnectionLost{Written: true, Err: fmt.Errorf("x")}, "client: connection lost while waiting for the answer: x"},
		{&ConnectionLost{Err: fmt.Errorf("x")}, "client: connection lost before the request was written: x"},
		{&ProtocolError{Got: 3}, "client: response of 3 scores without a request"},
		{&ProtocolError{Got: 3, Want: 2}, "client: response of 3 scores to a request of 2 vectors"},
	} {
		if c.err.Error() != c.want {
			t.Errorf("got %q, want %q", c.err, c.want)
		}
	}
}
