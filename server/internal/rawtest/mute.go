//go:build linux

package rawtest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// wideBytes is the size of the receive buffer for a peer that begins to read. With the small
// buffer of DialNarrow, reading would take long.
const wideBytes = 1 << 20

// Mute is a peer that sends requests without end and reads no answers, until Recover or
// ReadToEOF.
type Mute struct {
	*Client
	vectors           int           // per request
	requests, answers []byte        // one chunk of the stream, which flood repeats
	sent              atomic.Int64  // chunks sent whole
	ends              atomic.Bool   // flood must stop after its chunk
	ended             chan struct{} // closed when flood returns
	err               error         // flood's result, once ended is closed
}

// NewMute connects to a server of the source's dimension and begins to send requests. Each
// has the given number of vectors, and each write has chunk requests.
func NewMute(addr string, source Source, vectors, chunk int) (*Mute, error) {
	c, err := DialNarrow(addr)
	if err != nil {
		return nil, err
	}
	return NewMuteOn(c, source, 0, vectors, chunk), nil
}

// NewMuteOn begins to send on a connection that DialNarrow made. The requests are numbered
// from seq. The Mute owns the connection.
func NewMuteOn(c *Client, source Source, seq, vectors, chunk int) *Mute {
	m := &Mute{Client: c, vectors: vectors, ended: make(chan struct{})}
	m.requests, m.answers = source.Pipeline(seq, slices.Repeat([]int{vectors}, chunk)...)
	go m.flood()
	return m
}

func (m *Mute) flood() {
	defer close(m.ended)
	for !m.ends.Load() {
		if m.err = m.Send(m.requests); m.err != nil {
			return
		}
		m.sent.Add(1)
	}
	m.err = m.CloseWrite()
}

// SentBytes returns how many bytes the peer has sent: the server or a kernel has them. The
// number stands still while the peer is blocked.
func (m *Mute) SentBytes() int64 { return m.sent.Load() * int64(len(m.requests)) }

// Recover stops sending and reads. The server must answer every request that was sent, in
// order, and then send EOF.
func (m *Mute) Recover() error {
	defer m.Close()
	m.ends.Store(true)
	if err := m.Widen(wideBytes); err != nil {
		return err
	}
	read, err := m.readTo(0, m.sent.Load())
	if err != nil {
		return err
	}
	if <-m.ended; m.err != nil { // the last chunk has found room by now
		return m.err
	}
	if _, err := m.readTo(read, m.sent.Load()); err != nil {
		return err
	}
	return m.ExpectEOF()
}

func (m *Mute) readTo(read, sent int64) (int64, error) {
	for ; read < sent; read++ {
		if err := m.Expect(m.answers); err != nil {
			return read, fmt.Errorf("chunk %d of %d: %w", read, sent, err)
		}
	}
	return read, nil
}

// ReadToEOF reads while the peer goes on sending and its server drains. The server must send
// whole answers, in order, and then EOF.
func (m *Mute) ReadToEOF() error {
	defer m.Close()
	if err := m.conn.SetReadBuffer(wideBytes); err != nil {
		return err
	}
	var read atomic.Int64
	if err := m.ExpectCycle(m.answers, &read); err != nil {
		return err
	}
	if answer := int64(4 + 4*m.vectors); read.Load() == 0 || read.Load()%answer != 0 {
		return fmt.Errorf("%d bytes of answers, want a positive multiple of %d", read.Load(), answer)
	}
	return nil
}

// Drop resets the connection and leaves its answers unread. It may follow Recover or Drop.
func (m *Mute) Drop() error {
	m.ends.Store(true)
	err := m.Reset()
	<-m.ended
	return err
}

// AwaitBlocked calls serve until all peers are blocked: until no peer has sent anything
// during 200 calls in a row. It returns serve's error. It also returns an error when a peer
// could send more than most bytes, because the server then buffers without bound.
func AwaitBlocked(mutes []*Mute, most int64, serve func() error) error {
	for unchanged, before := 0, int64(-1); unchanged < 200; unchanged++ {
		if err := serve(); err != nil {
			return err
		}
		sum := int64(0)
		for _, m := range mutes {
			sum += m.SentBytes()
			if m.SentBytes() > most {
				return errors.New("a peer that reads nothing is never blocked")
			}
		}
		if sum != before {
			unchanged, before = 0, sum
		}
	}
	return nil
}
