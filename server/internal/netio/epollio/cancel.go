//go:build linux

package epollio

import "github.com/disrust/disrust/server/internal/netio"

// cancel ends an operation, if it is still in flight.
func (b *Backend) cancel(op *netio.Op) {
	if op.Target == netio.Tick {
		if b.ticking && b.tickKey == op.Key {
			b.ticking = false
			b.complete(op.Key, netio.Tick, netio.Interrupted, 0)
		}
		return
	}
	if int(op.FD) >= len(b.table) {
		return
	}
	d := &b.table[op.FD]
	switch {
	case op.Target != netio.SendRest:
		if d.inputActive && d.input == op.Key {
			d.inputActive = false
			b.complete(op.Key, op.Target, netio.Interrupted, 0)
		}
	case !d.outputActive || d.output != op.Key:
	case d.sent > 0:
		b.endRest(d, netio.Done, int(d.sent))
	default:
		b.endRest(d, netio.Interrupted, 0)
	}
}
