package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// serve serves source on a new port until the test ends.
func serve(t *testing.T, source Source, o Options) (p *Port, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	p = Serve(l, source, o)
	t.Cleanup(p.Close)
	return p, l.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	check(t, err)
	t.Cleanup(func() { c.Close() })
	check(t, c.SetDeadline(time.Now().Add(safety)))
	return c
}

// TestAgent: a connection that sends the line agent gets one line and the end, however the line is cut.
func TestAgent(t *testing.T) {
	source := &fake{}
	_, addr := serve(t, source, Options{})
	for state, want := range map[State]string{Starting: "drain\n", Ready: "ready\n", Draining: "drain\n", Ended: "drain\n"} {
		source.set(state)
		for cut := range len(agentLine) {
			c := dial(t, addr)
			c.Write([]byte(agentLine[:cut]))
			c.Write([]byte(agentLine[cut:]))
			if got, err := io.ReadAll(c); string(got) != want || err != nil {
				t.Errorf("%s, cut at %d: %q, %v; want %q", state, cut, got, err, want)
			}
		}
	}
}

// TestNoAgent: what only begins like that line is a request in HTTP, and a wrong one.
func TestNoAgent(t *testing.T) {
	_, addr := serve(t, &fake{state: Ready}, Options{})
	for _, line := range []string{"agenda\n", "agent /livez HTTP/1.1\r\n\r\n", "agents\n\n", "AGENT\n"} {
		c := dial(t, addr)
		fmt.Fprint(c, line)
		if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 400") {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// TestCrowd: a connection beyond the bound is served when another one leaves.
func TestCrowd(t *testing.T) {
	_, addr := serve(t, &fake{state: Ready}, Options{})
	var held []net.Conn
	for range maxConns {
		c := dial(t, addr)
		check(t, live(c))
		held = append(held, c)
	}
	late := dial(t, addr)
	fmt.Fprint(late, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
	check(t, late.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	if _, err := late.Read(make([]byte, 1)); !isTimeout(err) {
		t.Errorf("a connection beyond the bound is answered: %v", err)
	}
	check(t, held[3].Close())
	check(t, late.SetReadDeadline(time.Now().Add(safety)))
	check(t, expectLive(late))
}

func isTimeout(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}

// live asks on a connection that stays open whether the process lives.
func live(c net.Conn) error {
	fmt.Fprint(c, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
	return expectLive(c)
}

func expectLive(c net.Conn) error {
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || string(body) != "alive\n" {
		return fmt.Errorf("/livez says %q, %v", body, err)
	}
	return nil
}

// TestClose: Close ends idle connections and one whose answer never comes, and the listener. It may be
// called again.
func TestClose(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	defer close(finish)
	r := &reloader{reload: func(context.Context) (Verdict, error) {
		close(began)
		<-finish
		return Verdict{}, nil
	}}
	p, addr := serve(t, &fake{state: Ready}, Options{Reloader: r})
	idle, busy := dial(t, addr), dial(t, addr)
	check(t, live(idle))
	fmt.Fprint(busy, "POST /model/reload HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-began
	p.Close()
	for name, c := range map[string]net.Conn{"idle": idle, "busy": busy} {
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil || isTimeout(err) {
			t.Errorf("the %s connection is open: %v", name, err)
		}
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("the listener is open")
	}
	p.Close()
}

// TestHeaders: a header that is too large is refused.
func TestHeaders(t *testing.T) {
	_, addr := serve(t, &fake{state: Ready}, Options{})
	c := dial(t, addr)
	go fmt.Fprintf(c, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 2*headerBytes))
	if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 431") {
		t.Errorf("%q", got)
	}
}

// TestFloodOfPanics: what clients cause again and again has a bounded number of lines, and each occurrence
// has a line or is counted in one.
func TestFloodOfPanics(t *testing.T) {
	const (
		asks = 300
		most = 8 + 100 + 1 // lines of their own, what all others share, and the line with the count
	)
	var text strings.Builder // the log writes one line at a time, and is read when the port is closed
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	began := time.Now()
	p := Serve(l, panickingState{new(fake)}, Options{Log: slog.New(slog.NewJSONHandler(&text, nil))})
	for range asks {
		c := dial(t, l.Addr().String())
		fmt.Fprint(c, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if got, _ := io.ReadAll(c); len(got) > 0 {
			t.Fatalf("an answer: %q", got)
		}
		c.Close()
	}
	p.Close()
	lines, sum := 0, 0
	for line := range strings.Lines(text.String()) {
		l := decodeSome[struct{ More int }](t, line)
		lines, sum = lines+1, sum+max(1, l.More)
	}
	if intervals := 1 + int(time.Since(began)/(10*time.Second)); sum != asks || lines > most*intervals {
		t.Errorf("%d panics are logged or counted, of %d, in %d lines, of at most %d", sum, asks, lines, most*intervals)
	}
}

type panickingState struct{ *fake }

func (panickingState) State() State { panic("whenever it is asked") }

func decodeSome[T any](t *testing.T, line string) (v T) {
	t.Helper()
	check(t, json.Unmarshal([]byte(line), &v))
	return v
}
