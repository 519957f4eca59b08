package client

import (
	"bufio"
	"cmp"
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

// serve listens on a free port, welcomes each connection and runs script for it. At its end
// the test waits for the scripts.
func serve(t testing.TB, dim int, script func(*peer)) (addr string) {
	t.Helper()
	return serveOn(t, "tcp", "127.0.0.1:0", dim, welcoming(script))
}

// serveBare is serve without the welcome: version 1, or whatever script does.
func serveBare(t testing.TB, dim int, script func(*peer)) (addr string) {
	t.Helper()
	return serveOn(t, "tcp", "127.0.0.1:0", dim, script)
}

// welcoming returns a script that welcomes the client and then runs script.
func welcoming(script func(*peer)) func(*peer) {
	return func(p *peer) {
		if h, ok := p.readHello(); ok {
			p.writeWelcome(welcomeTo(h, p.dim))
			script(p)
		}
	}
}

// serveOn is serveBare on any network and address.
func serveOn(t testing.TB, network, on string, dim int, script func(*peer)) (addr string) {
	t.Helper()
	listener, err := net.Listen(network, on)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(runScripts(listener, dim, script))
	return listener.Addr().String()
}

// runScripts runs script for each connection that listener accepts. stop closes listener and
// waits for the scripts.
func runScripts(listener net.Listener, dim int, script func(*peer)) (stop func()) {
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
	return func() {
		listener.Close()
		scripts.Wait()
	}
}

// hello is what a client says of itself.
type hello struct {
	dim, outputs, kind, maxVectors uint32
	model                          string
}

// readHello returns false at the end of the stream, and for whatever is no hello.
func (p *peer) readHello() (h hello, ok bool) {
	var head [8]byte
	if _, err := io.ReadFull(p.in, head[:]); err != nil || string(head[:6]) != "DIS2\x02\x00" {
		return h, false
	}
	body := make([]byte, binary.LittleEndian.Uint16(head[6:]))
	if _, err := io.ReadFull(p.in, body); err != nil {
		return h, false
	}
	for k, field := range []*uint32{&h.dim, &h.outputs, &h.kind, &h.maxVectors} {
		*field = binary.LittleEndian.Uint32(body[4*k:])
	}
	h.model = string(body[17:][:body[16]])
	return h, true
}

// welcome is what a server says of itself.
type welcome struct {
	status                         uint16
	dim, outputs, kind, maxVectors uint32
	identity                       [32]byte
	model, sentence                string
	added                          []byte // by a later version
}

// welcomeTo returns a welcome that suits h: one score per vector, and what h asks for, or
// the defaults.
func welcomeTo(h hello, dim int) welcome {
	return welcome{dim: uint32(dim), outputs: 1, kind: h.kind, maxVectors: cmp.Or(h.maxVectors, 64), model: h.model}
}

func (p *peer) writeWelcome(w welcome) {
	var body []byte
	body = binary.LittleEndian.AppendUint16(body, w.status)
	body = binary.LittleEndian.AppendUint16(body, 0)
	for _, field := range []uint32{w.dim, w.outputs, w.kind, w.maxVectors} {
		body = binary.LittleEndian.AppendUint32(body, field)
	}
	body = append(body, w.identity[:]...)
	body = append(append(body, byte(len(w.model))), w.model...)
	body = append(binary.LittleEndian.AppendUint16(body, uint16(len(w.sentence))), w.sentence...)
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	body = append(body, w.added...)
	head := binary.LittleEndian.AppendUint16([]byte("DIS2\x02\x00"), uint16(len(body)))
	p.Write(append(head, body...))
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

// readCount reads the count that begins a request, or what takes its place.
func (p *peer) readCount() uint32 {
	var header [4]byte
	io.ReadFull(p.in, header[:])
	return binary.LittleEndian.Uint32(header[:])
}

// reset closes the connection with a reset.
func (p *peer) reset() {
	p.Conn.(*net.TCPConn).SetLinger(0)
	p.Close()
}

// writeWords writes what begins with a word other than a count.
func (p *peer) writeWords(words ...uint32) {
	b := p.buf[:0]
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	p.Write(b)
}

func (p *peer) fail(code, detail uint32) { p.writeWords(0x8000_0000+code, detail) }

func (p *peer) goAway() { p.writeWords(0xC000_0001, 0) }

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

// completed returns cfg with its defaults, for a Client that does not connect. It speaks
// version 1, because it gets no welcome.
func completed(t testing.TB, cfg Config) Config {
	t.Helper()
	if cfg.Addrs == nil {
		cfg.Addrs = []string{"a:1"}
	}
	cfg.Version = 1
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
	rows, want := rowsFrom(first, vectors, c.format.Dim)
	got := make([]float32, vectors)
	if err := c.Score(ctx, got, rows); err != nil {
		return err
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("scores are %v; want %v", got, want)
	}
	return nil
}

// endedContext returns a context that has ended.
func endedContext(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
