package uring

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// stream receives through a small BufRing what it sends. It keeps some buffers for
// a while before it recycles them.
type stream struct {
	ring     *Ring
	bufs     *BufRing
	to, from int
	armed    bool
	sent     byte // the next byte to send, counting up
	received byte // the next byte that must arrive
	waiting  int  // bytes sent and not yet received
	held     []loan
}

// loan is a buffer that the test holds, and what was in it when it arrived.
type loan struct {
	id    uint16
	bytes []byte
	want  string
}

const (
	streamBuffers    = 4
	streamBufferSize = 5
)

// The bytes arrive as they were sent, in order. No buffer is handed out twice, and
// no buffer changes while the test holds it.
func TestStreamThroughBuffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		r, err := New(Config{Entries: 4, CQEntries: 8})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		b, err := r.NewBufRing(7, streamBuffers, streamBufferSize)
		if err != nil {
			t.Fatal(err)
		}
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		m := &stream{ring: r, bufs: b, to: pair[0], from: pair[1]}
		defer m.close(t)
		t.Repeat(map[string]func(*rapid.T){
			"send":    m.send,
			"receive": m.receive,
			"recycle": m.recycle,
			"":        m.check,
		})
		for m.waiting > 0 || len(m.held) > 0 {
			m.receive(t)
			if len(m.held) > 0 {
				m.giveBack(t, 0)
			}
		}
	})
}

func (m *stream) send(t *rapid.T) {
	data := make([]byte, rapid.IntRange(1, 3*streamBufferSize).Draw(t, "bytes"))
	for i := range data {
		data[i] = m.sent
		m.sent++
	}
	m.waiting += len(data)
	write(t, m.to, data)
}

// receive takes the completions that are ready. If the multishot receive has ended,
// it first arms it again.
func (m *stream) receive(t *rapid.T) {
	if !m.armed {
		recvMultishot(t, m.ring, m.from, 1)
		m.armed = true
	}
	if _, err := m.ring.SubmitAndPoll(); err != nil {
		t.Fatal(err)
	}
	var done [streamBuffers + 1]CQE
	for _, c := range done[:m.ring.Copy(done[:])] {
		m.armed = c.More()
		if c.Err() == unix.ENOBUFS {
			continue
		}
		id, data := buffer(t, m.bufs, c)
		for _, got := range data {
			if got != m.received {
				t.Fatalf("received %d, want %d", got, m.received)
			}
			m.received++
		}
		m.waiting -= len(data)
		m.held = append(m.held, loan{id, data, string(data)})
	}
}

func (m *stream) recycle(t *rapid.T) {
	for range rapid.IntRange(0, len(m.held)).Draw(t, "count") {
		m.giveBack(t, rapid.IntRange(0, len(m.held)-1).Draw(t, "which"))
	}
}

func (m *stream) giveBack(t *rapid.T, i int) {
	if string(m.held[i].bytes) != m.held[i].want {
		t.Fatalf("buffer %d changed while held", m.held[i].id)
	}
	m.bufs.Recycle(m.held[i].id)
	m.held = append(m.held[:i], m.held[i+1:]...)
	m.bufs.Publish()
}

func (m *stream) check(t *rapid.T) {
	if got, want := m.bufs.Free(), streamBuffers-len(m.held); got != want {
		t.Fatalf("%d buffers free, want %d", got, want)
	}
	seen := map[uint16]bool{}
	for _, l := range m.held {
		if seen[l.id] {
			t.Fatalf("buffer %d is held twice", l.id)
		}
		seen[l.id] = true
	}
}

// close ends the receive before it unmaps the buffers.
func (m *stream) close(t *rapid.T) {
	unix.Close(m.to)
	for m.armed {
		for _, c := range reap(t, m.ring, 1) {
			m.armed = c.More()
		}
	}
	unix.Close(m.from)
	if err := m.bufs.Close(); err != nil {
		t.Fatal(err)
	}
}
