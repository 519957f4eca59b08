package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/disrust/disrust/wire"
)

// BenchmarkStream measures a request of one vector on one connection with 64
// in flight, beside a server that knows the answers: what the tool and the
// kernel cost.
func BenchmarkStream(b *testing.B) {
	l := &load{pattern: uniform(wire.Default, 1), window: 64, stall: 1 << 40}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	go answerFrom(listener, l.pattern)
	streams, err := l.dial(b.Context(), listener.Addr().String(), 1, int64(b.N))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := l.run(b.Context(), streams); err != nil {
		b.Fatal(err)
	}
}

// answerFrom answers one connection from the pattern, without looking at rows.
func answerFrom(listener net.Listener, p *pattern) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	in, out := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriterSize(conn, 64<<10)
	header := make([]byte, 4)
	for at := 0; ; {
		if in.Buffered() == 0 {
			out.Flush()
		}
		if _, err := io.ReadFull(in, header); err != nil {
			return
		}
		vectors := int(binary.LittleEndian.Uint32(header))
		in.Discard(vectors * wire.Default.RowBytes())
		out.Write(p.responses[at : at+wire.ResponseBytes(vectors)])
		at = (at + wire.ResponseBytes(vectors)) % p.cycleBytes
	}
}

// BenchmarkVerify measures one read of 64 responses.
func BenchmarkVerify(b *testing.B) {
	p := uniform(wire.Default, 1)
	s := newStream(&load{pattern: p, window: 64}, nil, unlimited)
	s.sent = unlimited
	b.SetBytes(64 * 8)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.verify(p.responses[s.received : s.received+64*8]); err != nil {
			b.Fatal(err)
		}
	}
}
