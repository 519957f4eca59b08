//go:build linux

package simio

import "github.com/disrust/disrust/server/internal/netio"

// maxStarved is how many receives in a row may find no buffer, per connection in an eager
// world. A connection that found none goes ahead of the others when buffers return.
const maxStarved = 16

// receive completes a receive.
func (k *Kernel) receive(o *Operation) {
	s := o.socket
	switch {
	case o.cancelled && (!s.readable() || k.OneIn(2)):
		k.finish(o, netio.Interrupted, 0)
		return
	case k.OneIn(k.Interrupt):
		k.finish(o, netio.Interrupted, 0)
		return
	case o.Drop:
		k.drop(o)
		return
	case k.lacksBuffers(), k.OneIn(k.Starve):
		if s.starved++; s.starved > maxStarved && k.Eager {
			k.world.Fail("%[2]d receives of peer %[1]d in a row found no buffer", s.Peer.Name(), s.starved)
		}
		k.finish(o, netio.Starved, 0)
		return
	}
	s.starved = 0
	most := k.ReceiveBytes
	if k.OneIn(k.Short) {
		most = k.Between(1, max(1, s.Arrived-s.Received))
	}
	n, alive := s.receive(k.buffers.bytes(k.buffers.free[0]), most)
	switch {
	case !alive:
		k.finish(o, netio.Failed, 0)
	case n == 0 && k.OneIn(2): // the peer's FIN may come with a buffer or without
		k.finish(o, netio.Done, 0)
	default:
		buffer := k.buffers.lend(n)
		k.finishWith(o, k.more(s), int32(n), buffer)
	}
}

// lacksBuffers reports whether no receive buffer is free, and tells the world if so.
func (k *Kernel) lacksBuffers() bool {
	if len(k.buffers.free) > 0 {
		return false
	}
	k.world.LacksBuffer()
	return true
}

// drop completes a receive with Op.Drop.
func (k *Kernel) drop(o *Operation) {
	s := o.socket
	if !s.FinOut {
		k.world.Fail("drops input of peer %d before it has sent FIN", s.Peer.Name())
	}
	n, alive := s.receive(nil, netio.ReceiveBytes)
	if !alive {
		k.finish(o, netio.Failed, 0)
		return
	}
	k.finish(o, k.more(s), int32(n))
}

// more returns whether the socket has more to receive. The answer may be wrong, at the rate
// Mislead.
func (k *Kernel) more(s *Socket) netio.Outcome {
	if more := s.Arrived > s.Received; more != k.OneIn(k.Mislead) {
		return netio.DoneMore
	}
	return netio.Done
}

// sendNow carries out a Send. It does not wait, is over within the turn, and has an event
// only if the socket did not take everything.
func (k *Kernel) sendNow(o *Operation) {
	if o.socket.failure() {
		k.post(o, netio.Failed, 0)
		return
	}
	k.world.CheckMemory(o.Data)
	switch n := o.socket.take(o.Data, k.most(len(o.Data))); n {
	case len(o.Data):
	case 0:
		k.post(o, Pick(k.Dice, netio.Interrupted, netio.Interrupted, netio.Done), 0)
	default:
		k.post(o, netio.Done, int32(n))
	}
}

// most returns a limit on how much of a send of size bytes the socket takes even if it has
// more space. Usually it does not limit.
func (k *Kernel) most(size int) int {
	if k.OneIn(k.Refuse) {
		return k.IntN(size + 1)
	}
	return noLimit
}

// sendRest continues a SendRest. The kernel reads the bytes only when it sends them.
func (k *Kernel) sendRest(o *Operation) {
	k.world.CheckMemory(o.Data)
	if o.socket.Dead {
		o.socket.failure()
		if o.sent > 0 {
			k.finish(o, netio.Done, int32(o.sent)) // the next operation reports the death
			return
		}
		k.finish(o, netio.Failed, 0)
		return
	}
	rest := o.Data[o.sent:]
	o.sent += o.socket.take(rest, k.most(len(rest)))
	switch {
	case o.sent == len(o.Data), o.sent > 0 && (o.cancelled || k.OneIn(k.Refuse)):
		k.finish(o, netio.Done, int32(o.sent))
	case o.cancelled:
		k.finish(o, netio.Interrupted, 0)
	case o.sent == 0 && k.OneIn(k.Refuse):
		k.finish(o, netio.Interrupted, 0)
	}
}
