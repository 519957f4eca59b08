//go:build linux

package uringio

import (
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// take moves all completions out of the ring. It appends an event for each one to the first
// got events, and returns the new count. The slice grows only in a flood of new connections:
// every other operation has a bounded number of events per connection.
func (b *Backend) take(got int) int {
	for {
		n := b.ring.Copy(b.taken[:])
		if got+n > len(b.events) {
			b.events = append(b.events, make([]netio.Event, len(b.events))...)
		}
		for i := range b.taken[:n] {
			if translate(&b.taken[i], &b.events[got]) {
				got++
			}
		}
		if n < len(b.taken) {
			return got
		}
	}
}

// translate writes the event of a completion. It reports false if the completion has no
// event: the machine does not see cancels and closes.
func translate(c *uring.CQE, e *netio.Event) bool {
	code := netio.Code(c.UserData >> codeShift)
	*e = netio.Event{Key: c.UserData &^ (0xff << codeShift), N: c.Res, Code: code, Buffer: netio.NoBuffer}
	switch code {
	case netio.Receive:
		if id, ok := c.BufferID(); ok {
			e.Buffer = int16(id)
		}
		e.Outcome = received(c)
	case netio.Send, netio.SendRest, netio.Wake:
		e.Outcome = outcome(c)
	case netio.Tick:
		if c.Res == -int32(unix.ECANCELED) { // otherwise ETIME: the time has passed
			e.Outcome = netio.Interrupted
		}
	case netio.Accept:
		if e.Outcome = outcome(c); c.More() {
			e.Outcome = netio.DoneMore
		}
	case netio.Cancel, netio.Close:
		return false
	}
	return true
}

func received(c *uring.CQE) netio.Outcome {
	switch {
	case c.Res > 0 && c.SockNonEmpty():
		return netio.DoneMore
	case c.Res == -int32(unix.ENOBUFS):
		return netio.Starved
	}
	return outcome(c)
}

func outcome(c *uring.CQE) netio.Outcome {
	if c.Res >= 0 {
		return netio.Done
	}
	switch unix.Errno(-c.Res) {
	case unix.EINTR, unix.ECANCELED, unix.EAGAIN:
		return netio.Interrupted
	}
	return netio.Failed
}
