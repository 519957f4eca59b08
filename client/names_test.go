package client

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// names is a name server that resolves every name to 127.0.0.1.
type names struct {
	asked   atomic.Int32 // for IPv4 addresses
	serving sync.WaitGroup
}

// Dial is the Dial function of a net.Resolver.
func (n *names) Dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	n.serving.Go(func() {
		defer far.Close()
		n.serve(far)
	})
	return near, nil
}

// serve answers queries on a stream, where each message follows its length in two bytes
// (RFC 1035).
func (n *names) serve(conn net.Conn) {
	const header, ipv4 = 12, 1
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		end := header
		for query[end] != 0 {
			end += 1 + int(query[end])
		}
		kind := binary.BigEndian.Uint16(query[end+1:])
		answer := append([]byte(nil), query[:end+5]...)
		copy(answer[2:], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}) // a response to one question, and nothing else
		if kind == ipv4 {
			n.asked.Add(1)
			answer[7] = 1
			answer = append(answer, 0xc0, header, 0, ipv4, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
		}
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	}
}

// TestNamesAreLookedUpAgain: the Client looks the name up for each new connection, so that a
// server may move.
func TestNamesAreLookedUpAgain(t *testing.T) {
	addr := serve(t, 3, func(p *peer) {
		if scores, ok := p.readScores(); ok {
			p.writeScores(scores)
		}
	})
	_, port, _ := net.SplitHostPort(addr)
	var n names
	t.Cleanup(n.serving.Wait)
	dialer := net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: n.Dial}}
	c := dial(t, Config{Dim: 3, MaxVectors: 4, Retry: 10, dial: func(ctx context.Context, addr string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", addr)
	}}, "scorer.invalid.:"+port)
	for k := range int32(3) {
		if err := scoreOnce(t.Context(), c, int(k), 1); err != nil {
			t.Fatal(err)
		}
		if asked := n.asked.Load(); asked <= k {
			t.Errorf("%d connections, but the name was looked up %d times", k+1, asked)
		}
	}
}
