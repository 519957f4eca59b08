//go:build linux

package loop

import (
	"net/netip"
	"slices"

	"github.com/disrust/disrust/server/internal/proxyheader"
	"github.com/disrust/disrust/wire"
)

// A connection from an address in Config.Proxies begins with a PROXY header, which says who the
// peer is. Such a connection has a partial from the start, and the thread collects the header there.
// So the thread looks for headers only where it continues partials, and other connections pay
// nothing. As a request must, the header must arrive within RequestTicks.

// The block of a partial holds what is known of a header, as it holds a hello.
const _ = uint(wire.HelloBytes - proxyheader.KnownBytes)

// awaitHeader makes c, which was just accepted, wait for its PROXY header.
func (t *Thread) awaitHeader(c *conn) {
	c.awaitsHeader = true
	c.partial = partial{block: t.partials.Get()}
}

// takeHeader adds data to the PROXY header in c's partial. It returns what follows the header in
// data. From there on c's stream is like any other.
func (t *Thread) takeHeader(c *conn, data []byte) []byte {
	p := &c.partial
	known := t.partials.Bytes(p.block)[:proxyheader.KnownBytes]
	at := min(int(p.size), len(known))
	n := copy(known[at:], data)
	h, ok, err := proxyheader.Parse(known[:at+n])
	missing := h.Size - int(p.size)
	switch {
	case err != nil:
		t.rejectHeader(c, err)
		return nil
	case !ok || missing > len(data):
		p.size += uint32(len(data))
		return nil
	}
	c.received -= uint64(h.Size)
	t.headerTaken(c)
	if h.Peer.IsValid() {
		c.named, t.named[c.key.Index()] = true, h.Peer.As16()
	}
	if !t.allows(t.peer(c)) {
		t.tally.Denied++
		t.close(c)
	}
	return data[missing:]
}

// headerTaken ends the wait for c's header.
func (t *Thread) headerTaken(c *conn) {
	c.awaitsHeader = false
	t.dropPartial(c)
}

// rejectHeader ends the input of a peer that has sent something else than a PROXY header.
func (t *Thread) rejectHeader(c *conn, err error) {
	t.tally.ProtocolErrors++
	t.headerTaken(c)
	t.endInput(c)
	if t.cfg.Violations != nil {
		t.cfg.Violations.BadHeader(t.peer(c), err)
	}
}

// peer returns the address of c's peer: the one that the PROXY header named, or the socket's.
func (t *Thread) peer(c *conn) netip.Addr {
	if c.named {
		return netip.AddrFrom16(t.named[c.key.Index()]).Unmap()
	}
	return t.backend.Peer(c.fd)
}

// allows reports whether a peer with this address may send requests. A peer that is already gone
// has no address; it is let in, because it reads no answer.
func (t *Thread) allows(peer netip.Addr) bool {
	return len(t.cfg.Allow) == 0 || !peer.IsValid() || contain(t.cfg.Allow, peer)
}

func contain(ranges []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(addr) })
}
