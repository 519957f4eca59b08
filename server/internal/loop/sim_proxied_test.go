//go:build linux

package loop

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/server/internal/proxyheader"
	"github.com/disrust/disrust/wire"
)

// balancers is what a world knows of the PROXY protocol.
type balancers struct {
	dice    simio.Dice // makes the decisions that concern headers: a world without balancers stays the same
	proxies []netip.Prefix
}

// preface is the PROXY header with which a script begins, or what stands in its place.
type preface struct {
	size  int        // 0: there is none
	named netip.Addr // the peer's address from then on
	shut  bool       // which is not allowed
}

// drawBalancers draws which peers are behind a balancer, and in half of the worlds which addresses
// are allowed.
func (w *world) drawBalancers(seed uint64) {
	if !w.headers {
		return
	}
	d := simio.Dice{Rand: rand.New(rand.NewPCG(seed, 4))}
	w.balancers = balancers{d, []netip.Prefix{netip.PrefixFrom(peerAddr(d.IntN(4)), d.Between(29, 32))}}
	w.temper.limits.Headers = true
	if d.OneIn(2) {
		w.allow = []netip.Prefix{netip.PrefixFrom(clientAddr(d.IntN(4)), d.Between(29, 32)), netip.PrefixFrom(peerAddr(d.IntN(4)), d.Between(29, 32))}
	}
}

// clientAddr returns the address of a balancer's client.
func clientAddr(id int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, 0, byte(id)}) }

// behindBalancer reports whether the thread must read a PROXY header from the peer.
func (p *peer) behindBalancer() bool {
	return p.listener%2 == 0 && contain(p.w.proxies, p.addr)
}

// newScript returns an empty script, or one with a PROXY header if the peer has to send it.
func (p *peer) newScript() script {
	s := script{version: 1, owedAfter: []int{0}, last: math.MaxInt, fatal: math.MaxInt}
	if p.behindBalancer() {
		p.w.appendPreface(&s, p.addr)
	}
	return s
}

// appendPreface begins a script with a PROXY header: one that names an address that is allowed or
// not, one that names none, or one that is wrong.
func (w *world) appendPreface(s *script, own netip.Addr) {
	d := w.balancers.dice
	h := &s.preface
	client := clientAddr(d.IntN(8))
	h.named = client
	switch d.IntN(8) {
	case 0:
		h.named = own
		s.stream = []byte("PROXY UNKNOWN\r\n")
	case 1:
		h.named = own
		s.stream = binaryHeader(0x20, byte(d.IntN(256)), make([]byte, d.IntN(40)))
	case 2, 3:
		s.stream = fmt.Appendf(nil, "PROXY TCP4 %s 10.2.0.1 1 2\r\n", client)
	default:
		more := simio.Pick(d, 0, d.IntN(20), d.IntN(300), d.IntN(min(2*w.receiveSpace, 1<<16-12)))
		s.stream = binaryHeader(0x21, 0x11, append(client.AsSlice(), make([]byte, 8+more)...))
	}
	h.size = len(s.stream)
	if h.shut = !w.allows(h.named); h.shut {
		s.last, s.fatal = h.size, h.size
	}
	if d.OneIn(6) {
		w.spoil(s)
	}
}

func binaryHeader(command, family byte, rest []byte) []byte {
	b := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), command, family)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(rest))), rest...)
}

// spoil puts something wrong in the place of a script's PROXY header.
func (w *world) spoil(s *script) {
	d := w.balancers.dice
	for {
		bad := slices.Clone(s.stream)
		switch d.IntN(4) {
		case 0:
			bad = []byte{1, 0, 0, 0}
		case 1:
			bad = wire.AppendHello(nil, wire.Hello{})
		default:
			bad[d.IntN(min(len(bad), 30))] ^= byte(1 << d.IntN(8))
		}
		for n := range bad {
			if _, _, err := proxyheader.Parse(bad[:n+1]); err != nil {
				s.stream, s.last, s.fatal = bad, n+1, math.MaxInt
				s.preface = preface{size: len(bad)}
				return
			}
		}
	}
}

// allows reports whether Config.Allow has an address.
func (w *world) allows(addr netip.Addr) bool { return len(w.allow) == 0 || contain(w.allow, addr) }

// behind reports whether size bytes of the stream reach beyond the PROXY header.
func (h preface) behind(size int) bool { return h.size > 0 && size >= h.size }

// checkHeader: a connection whose header has arrived has the address that the header names.
func (w *world) checkHeader(c *conn, s *socket) {
	h := s.peer.preface
	switch {
	case c.phase != open || s.Dead || h.size == 0:
	case !c.awaitsHeader && w.thread.peer(c) != h.named:
		w.Fail("connection %d is said to come from %v, and its header names %v", c.key.Index(), w.thread.peer(c), h.named)
	case c.awaitsHeader && h.behind(s.seen) && !c.held.valid:
		w.Fail("connection %d awaits a header that has arrived", c.key.Index())
	}
}

// checkDenied: each peer whose header names an address that is not allowed is counted, unless its
// connection ended first.
func (w *world) checkDenied(counted int) {
	least, most := 0, 0
	for s := range w.accepted() {
		if h := s.peer.preface; h.shut && h.behind(s.Received) {
			most++
			if !s.Dead && !s.late && !w.operator.stopped {
				least++
			}
		}
	}
	if counted < least || counted > most {
		w.Fail("counted %d connections that were denied because of their header, of %d to %d", counted, least, most)
	}
}
