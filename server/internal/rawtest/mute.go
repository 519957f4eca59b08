//go:build linux

package rawtest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// wideBytes is a receive buffer for a peer that reads at last: through the one
// that DialNarrow leaves it, reading would take long.
const wideBytes = 1 << 20

// Mute is a peer that sends requests without end and does not read its
// answers, until Recover.
type Mute struct {
	*Client
	vectors           int          // in every request
	requests, answers []byte       // one chunk of the stream, sent again and again
	sent              atomic.Int64 // chunks sent whole
	ends              atomic.Bool  // the sender stops after its chunk
	ended             chan struct{}
	err               error // the sender's last word, once ended is closed
}

// NewMute connects to a server of the source's dimension and begins to send
// requests of so many vectors, chunk of them at a time.
func NewMute(addr string, source Source, vectors, chunk int) (*Mute, error) {
	c, err := DialNarrow(addr)
	if err != nil {
		return nil, err
	}
	return NewMuteOn(c, source, 0, vectors, chunk), nil
}

// NewMuteOn has a connection that DialNarrow made begin to send, its requests
// numbered from seq. The Mute owns it.
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

// SentBytes returns how much the server, or a kernel, has taken. It stands
// still while the peer is blocked.
func (m *Mute) SentBytes() int64 { return m.sent.Load() * int64(len(m.requests)) }

// Recover lets the peer read: every request it has sent must be answered, in
// order, and then the stream must end.
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
	if <-m.ended; m.err != nil { // its last chunk found room by now
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

// ReadToEOF lets the peer read, and still send, while its server drains: what
// comes must be whole answers in order, and then the stream must end.
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
		return fmt.Errorf("%d bytes of answers of %d bytes each", read.Load(), answer)
	}
	return nil
}

// Drop resets the connection with all its answers unread. It may follow
// Recover or Drop.
func (m *Mute) Drop() error {
	m.ends.Store(true)
	err := m.Reset()
	<-m.ended
	return err
}

// AwaitBlocked calls serve again and again until no peer has got anything
// sent during 200 calls on end: then all are blocked. It fails when serve
// does, or when a server takes more than most bytes of a peer: then it buffers
// without bound.
func AwaitBlocked(mutes []*Mute, most int64, serve func() error) error {
	for still, before := 0, int64(-1); still < 200; still++ {
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
			still, before = 0, sum
		}
	}
	return nil
}
