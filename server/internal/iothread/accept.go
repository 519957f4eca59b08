//go:build linux

package iothread

import (
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

func (t *Thread) armAccept() {
	t.backedOff = false
	if t.accepting || t.draining {
		return
	}
	op := t.next()
	op.PrepareMultishotAccept(t.cfg.Listener, unix.SOCK_CLOEXEC)
	op.UserData = slab.Key(0).Pack(opAccept)
	t.accepting = true
}

// accepted takes a new connection, or the end of the accept.
func (t *Thread) accepted(e *uring.CQE) {
	t.accepting = e.More()
	switch {
	case e.Res >= 0:
		t.welcome(e.Res)
	case outOfResources(e.Res):
		// Accepting at once again would fail at once again: a busy loop.
		t.tally.acceptErrors++
		t.backedOff = true
	case -e.Res != int32(unix.ECANCELED):
		t.tally.acceptErrors++
	}
	switch {
	case t.accepting || t.backedOff:
	case t.draining:
		t.closeListener()
	default:
		t.armAccept()
	}
}

func outOfResources(res int32) bool {
	switch unix.Errno(-res) {
	case unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOBUFS:
		return true
	}
	return false
}

// welcome gives a connection a slot, or closes it when there are as many as are
// allowed.
func (t *Thread) welcome(fd int32) {
	if t.cfg.Conns.Add(1) > int64(t.cfg.Limits.Conns) {
		t.cfg.Conns.Add(-1)
		t.tally.refused++
		t.closeFD(int(fd))
		return
	}
	key, ok := t.conns.Insert(newConn(fd))
	if !ok {
		panic("iothread: no slot for a connection that is allowed")
	}
	t.tally.accepted++
	c := t.conns.Get(key)
	c.key = key
	t.touch(c)
}

func (t *Thread) closeListener() {
	if t.cfg.Listener >= 0 {
		t.closeFD(t.cfg.Listener)
		t.cfg.Listener = -1
	}
}
