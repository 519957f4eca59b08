package violation

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

const (
	interval = 10 * time.Second // from one line of a peer to its next one, at least
	maxLines = 100              // in an interval, of all peers together
	maxPeers = 1024             // remembered
)

// Log logs violations at level Warn. In any 10 seconds it logs at most one line for each peer and
// 100 lines altogether, and it remembers at most 1,024 peers. A peer is an IPv4 address, an IPv6
// network of 64 bits, or all peers without an address together: those of Unix sockets, and those
// that have reset their connection.
//
// A violation that has no line of its own is counted in the attribute more of its peer's next
// line. If the peer does not break the protocol again, that line has no violation, and the next
// violation of any peer causes it. The attribute others counts violations of peers that the Log
// has forgotten. Flush logs what is left. So every violation is logged or counted once.
//
// Any number of threads may use a Log.
type Log struct {
	to  *slog.Logger
	now func() time.Duration

	mu     sync.Mutex
	peers  []peer // in no order
	others uint64 // violations without a line, of peers that are no longer in peers
	logged uint64 // lines so far; line i was logged at times[i%maxLines]
	times  [maxLines]time.Duration
}

// peer is a peer that has broken the protocol.
type peer struct {
	key   netip.Addr
	next  time.Duration // when it may have its next line
	count uint64        // its violations without a line
}

// line is a line of the log.
type line struct {
	peer         string
	own          bool // it says what the violation was
	more, others uint64
}

// NewLog returns a Log that writes to the given logger. now returns the time since some fixed
// moment, by a monotonic clock. The Log holds its lock while it calls now, and never while it
// calls the logger.
func NewLog(to *slog.Logger, now func() time.Duration) *Log { return &Log{to: to, now: now} }

// Note logs or counts a violation. The zero Addr stands for a peer without an address. Note does
// not keep seen.After.
//
// Cost: O(remembered peers) under a lock. Note waits for the logger if the logger waits.
func (l *Log) Note(addr netip.Addr, seen Seen) {
	l.note(addr, "a peer broke the protocol", "violation", seen)
}

// Refused logs or counts, as a violation, a hello that was refused with this sentence.
func (l *Log) Refused(addr netip.Addr, sentence string) {
	l.note(addr, "a client expects something else than what is served", "refusal", text(sentence))
}

// BadHeader logs or counts that a connection whose peer is a balancer did not begin with a PROXY
// header. The error says what it began with.
func (l *Log) BadHeader(addr netip.Addr, err error) {
	const required = ": from this address each connection must begin with one (HAProxy: send-proxy-v2)"
	l.note(addr, "a peer broke the protocol", "violation", text(err.Error()+required))
}

type text string

func (s text) String() string { return string(s) }

func (l *Log) note(addr netip.Addr, message, key string, what fmt.Stringer) {
	for _, line := range l.count(addr) {
		attrs := []slog.Attr{slog.String("peer", line.peer)}
		if line.own {
			attrs = append(attrs, slog.String(key, what.String()))
		}
		if line.more > 0 {
			attrs = append(attrs, slog.Uint64("more", line.more))
		}
		if line.others > 0 {
			attrs = append(attrs, slog.Uint64("others", line.others))
		}
		if !line.own {
			message = "a peer broke the protocol, or expects something else"
		}
		l.to.LogAttrs(context.Background(), slog.LevelWarn, message, attrs...)
	}
}

// Flush logs one line with the number of violations that no line has counted yet, if there are
// any. A server calls it when it ends.
func (l *Log) Flush() {
	l.mu.Lock()
	sum := l.others
	l.others = 0
	for i := range l.peers {
		sum += l.peers[i].count
		l.peers[i].count = 0
	}
	l.mu.Unlock()
	if sum > 0 {
		l.to.LogAttrs(context.Background(), slog.LevelWarn, "peers broke the protocol, or expected something else", slog.Uint64("more", sum))
	}
}

// count counts a violation and returns the lines to log now.
func (l *Log) count(addr netip.Addr) (lines []line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	p := l.find(keyOf(addr), now)
	if l.takeLine(p, now) {
		lines = append(lines, line{peer: nameOf(addr), own: true, more: p.count, others: l.others})
		p.count, l.others = 0, 0
	} else {
		p.count++
	}
	for i := range l.peers {
		if p := &l.peers[i]; p.count > 0 && l.takeLine(p, now) {
			lines = append(lines, line{peer: p.name(), more: p.count, others: l.others})
			p.count, l.others = 0, 0
		}
	}
	return lines
}

// find returns the peer with that key. If there is no room for a new peer, it replaces the one
// that has been allowed its next line for longest.
//
// Invariant: replacing a peer never brings its next line forward. Only peers that had a line in
// the last interval must wait for their next one. They are at most maxLines, which is below
// maxPeers, so there is always another peer to replace.
func (l *Log) find(key netip.Addr, now time.Duration) *peer {
	first := 0
	for i := range l.peers {
		if l.peers[i].key == key {
			return &l.peers[i]
		}
		if l.peers[i].next < l.peers[first].next {
			first = i
		}
	}
	if len(l.peers) < maxPeers {
		l.peers = append(l.peers, peer{key: key, next: now})
		return &l.peers[len(l.peers)-1]
	}
	p := &l.peers[first]
	l.others += p.count
	*p = peer{key: key, next: now}
	return p
}

// takeLine reports whether p may have a line now, and counts that line.
func (l *Log) takeLine(p *peer, now time.Duration) bool {
	oldest := &l.times[l.logged%maxLines] // of the last maxLines lines
	if now < p.next || l.logged >= maxLines && now-*oldest < interval {
		return false
	}
	*oldest, p.next = now, now+interval
	l.logged++
	return true
}

// keyOf returns the address that stands for a peer.
func keyOf(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if addr.Is6() {
		network, _ := addr.Prefix(64) // 64 bits are never too many
		return network.Addr()
	}
	return addr
}

// name returns the name of the peer as a whole: for IPv6, of its network.
func (p *peer) name() string {
	if p.key.Is6() {
		return netip.PrefixFrom(p.key, 64).String()
	}
	return nameOf(p.key)
}

func nameOf(addr netip.Addr) string {
	if !addr.IsValid() {
		return "a Unix socket, or gone"
	}
	return addr.Unmap().String()
}
