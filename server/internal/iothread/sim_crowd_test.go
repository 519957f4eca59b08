//go:build linux

package iothread

import (
	"math"

	"golang.org/x/sys/unix"
)

// crowded makes a world of more connections than there are receive buffers, and
// so little room for requests that all buffers come to be held.
func (t *temper) crowded(w *world) {
	t.crowd, t.limits.Conns, t.descriptors = w.between(ReceiveBuffers+2, ReceiveBuffers+20), 100, math.MaxInt
	t.limits.InFlight, t.inline, t.elsewhere = w.between(1, 2), false, 0
	if w.oneIn(2) {
		t.mutes = w.between(ReceiveBuffers, ReceiveBuffers+10)
		t.crowd = t.mutes + w.between(1, 9)
		t.limits.OutputBytes = OutputBytes(t.format)
	}
}

// silence makes a peer that reads nothing. It asks once, and when all like it have
// their answer on the way, much more.
func (p *peer) silence() {
	p.script = script{owes: []int{0}, last: math.MaxInt, fatal: math.MaxInt}
	for range p.w.between(4, 8) {
		p.w.appendRequest(&p.script)
	}
	p.ending, p.reads, p.mute = staysOn, 0, true
}

// blockedMutes: all mutes have the beginning of an answer, and no more.
func (w *world) blockedMutes() bool {
	for _, p := range w.peers[:w.mutes] {
		if p.socket == nil || p.socket.taken == 0 {
			return false
		}
	}
	return true
}

// early: among mutes, others come when these hold all receive buffers.
func (p *peer) early() bool {
	return p.socket == nil && p.w.mutes > 0 && !p.mute && p.w.thread.held < ReceiveBuffers
}

// calamity cuts off, once, all peers whose connections hold a receive buffer, when
// no other buffer is left, others wait for one, and a waiting send will tell of it
// in each case. Nobody stirs then: the thread has to find out by itself that
// buffers are back.
type calamity struct {
	w    *world
	over bool
}

func (c *calamity) act() bool {
	t := c.w.thread
	if c.over || t.held < ReceiveBuffers || t.starved.count == 0 {
		return false
	}
	for _, conn := range t.conns.All() {
		if conn.held.valid && !conn.blocked {
			return false
		}
	}
	c.w.note("calamity")
	c.over, c.w.hush = true, true
	for _, conn := range t.conns.All() {
		if conn.held.valid {
			s := c.w.kernel.open(conn.fd)
			s.kill(unix.ECONNRESET)
			s.peer.ending, s.peer.gone = resets, true
		}
	}
	return true
}
