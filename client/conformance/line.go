package conformance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/disrust/disrust/wire"
)

// line is one connection to the server under test.
type line struct {
	stream
	player *player
	sent   chan error // nil unless a goroutine sends
}

type stream interface {
	net.Conn
	CloseWrite() error
}

func (p *player) dial() (*line, error) {
	network, addr := "tcp", p.Addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	conn, err := net.DialTimeout(network, addr, p.Patience)
	if err != nil {
		return nil, err
	}
	l := &line{stream: conn.(stream), player: p}
	p.lines = append(p.lines, l)
	return l, conn.SetDeadline(time.Now().Add(p.Patience))
}

// expectation reads what the server must send next.
type expectation func(*line) error

// converse sends b on a new connection and checks the server's messages. It reads while it
// sends.
func (p *player) converse(b []byte, expect ...expectation) error {
	l, err := p.dial()
	if err != nil {
		return err
	}
	defer l.Close()
	l.send(b)
	return l.expect(expect...)
}

// send begins to write b.
func (l *line) send(b []byte) {
	before := l.sent
	sent := make(chan error, 1)
	l.sent = sent
	go func() {
		var err error
		if before != nil {
			err = <-before
		}
		if err == nil {
			_, err = l.Write(b)
		}
		sent <- err
	}()
}

// expect checks the server's next messages, and then that everything was sent. If a message is
// wrong, expect closes the connection, which also ends a send in progress.
func (l *line) expect(expect ...expectation) (err error) {
	for n, e := range expect {
		if err = e(l); err != nil {
			l.Close()
			err = fmt.Errorf("reply %d: %w", n, err)
			break
		}
	}
	return errors.Join(err, l.awaitSent(err == nil))
}

// awaitSent waits until the send in progress has ended. It returns its error if matters is
// true.
func (l *line) awaitSent(matters bool) error {
	if l.sent == nil {
		return nil
	}
	err := <-l.sent
	l.sent = nil
	if err != nil && matters {
		return fmt.Errorf("the server did not take all that was sent: %w", err)
	}
	return nil
}

// read reads what must come next.
func (l *line) read(size int) ([]byte, error) {
	b := make([]byte, size)
	if n, err := io.ReadFull(l, b); err != nil {
		return nil, fmt.Errorf("%d of %d bytes came: % x: %w", n, size, b[:min(n, 32)], err)
	}
	return b, nil
}

// welcomedWith expects the welcome with this verdict.
func welcomedWith(verdict wire.Verdict) expectation {
	return func(l *line) error {
		head, err := l.read(wire.PreambleBytes)
		if err != nil {
			return fmt.Errorf("a welcome with status %d: %w", verdict, err)
		}
		preamble, _, err := wire.ParsePreamble(head)
		if err != nil {
			return fmt.Errorf("a welcome with status %d: %w", verdict, err)
		}
		body, err := l.read(preamble.Size)
		if err != nil {
			return fmt.Errorf("the body of a welcome: %w", err)
		}
		got, err := wire.ParseWelcome(body)
		if err != nil || preamble.Version != wire.Version {
			return fmt.Errorf("a welcome of version %d: %w", preamble.Version, err)
		}
		return l.player.compare(got, verdict)
	}
}

// compare returns an error unless got is the welcome that the server must send.
func (p *player) compare(got wire.Welcome, verdict wire.Verdict) error {
	want := p.Welcome
	if want.Verdict = verdict; got.Verdict != verdict {
		return fmt.Errorf("a welcome with status %d (%q): want %d", got.Verdict, got.Sentence, verdict)
	}
	if verdict != wire.Welcomed && got.Sentence == "" {
		return fmt.Errorf("a refusal with status %d has no sentence for a person", verdict)
	}
	if got.Sentence = want.Sentence; got != want {
		return fmt.Errorf("the server says of itself %+v: want %+v", got, want)
	}
	return nil
}

// bytesExpected expects these bytes.
func bytesExpected(what string, want []byte) expectation {
	return func(l *line) error {
		got, err := l.read(len(want))
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if string(got) != string(want) {
			at := 0
			for got[at] == want[at] {
				at++
			}
			return fmt.Errorf("%s: byte %d of %d: got % x, want % x", what, at, len(want), got[at:min(at+16, len(got))], want[at:min(at+16, len(got))])
		}
		return nil
	}
}

// failure expects a failed request.
func failure(code, detail uint32) expectation {
	return bytesExpected(fmt.Sprintf("the failure with code %d and detail %#x", code, detail), wire.AppendFailure(nil, code, detail))
}

// end expects the end of the stream, and no reset.
func end(l *line) error {
	var b [64]byte
	n, err := io.ReadFull(l, b[:])
	if n > 0 {
		return fmt.Errorf("want the end of the connection: % x came", b[:n])
	}
	if err != io.EOF {
		return fmt.Errorf("want the end of the connection: %w", err)
	}
	return nil
}
