//go:build linux

package loop

import (
	"fmt"
	"strings"
)

// lastEvents is how many events of a schedule a failure shows.
const lastEvents = 50

// trace remembers the last events of a schedule.
type trace struct {
	events  [lastEvents]event
	count   int
	verbose bool // print each event
}

type event struct {
	format string
	args   [5]any
	size   int
}

// Note implements [simio.World].
func (t *trace) Note(format string, args ...any) {
	e := &t.events[t.count%lastEvents]
	e.format, e.size = format, copy(e.args[:], args)
	t.count++
	if t.verbose {
		fmt.Println(e)
	}
}

func (e *event) String() string { return fmt.Sprintf(e.format, e.args[:e.size]...) }

// String returns the last events, oldest first.
func (t *trace) String() string {
	var b strings.Builder
	for i := max(0, t.count-lastEvents); i < t.count; i++ {
		fmt.Fprintf(&b, "%6d  %v\n", i, &t.events[i%lastEvents])
	}
	return b.String()
}

// state describes what the thread and the kernel hold.
func (w *world) state() string {
	var b strings.Builder
	t, k := w.thread, w.kernel
	fmt.Fprintf(&b, "%+v\n", w.temper)
	fmt.Fprintf(&b, "turns %d, steps %d, ticks %d; in flight %d, held %d, stalled %d, starved %d; stopped %t, aborted %t\n",
		k.Turns, w.steps, k.Ticks, t.inFlight, t.held, t.stalled.count, t.starved.count, w.operator.stopped, w.operator.aborted)
	for key, c := range t.conns.All() {
		fmt.Fprintf(&b, "connection %d: descriptor %d, phase %d, operations %d; receiving %t, eof %t, blocked %t, failed %t; in flight %d, out %+v, sending %+v, held %+v\n",
			key.Index(), c.fd, c.phase, c.ops, c.receiving, c.eof, c.blocked, c.failed, c.inFlight, c.out, c.sending, c.held)
	}
	for _, p := range w.peers {
		if s := p.socket; s != nil {
			fmt.Fprintf(&b, "peer %d: descriptor %d, ending %d, reads %d; of %d bytes sent %d, received %d; of %d answered %d, read %d; FIN in %t, out %t; dead %t, closed %t, reset %t\n",
				p.id, s.FD, p.ending, p.reads, len(p.stream), s.Arrived, s.Received, len(p.answers), s.Taken, s.Read, s.FinIn, s.FinOut, s.Dead, s.Closed, s.Reset)
		}
	}
	for _, o := range k.InFlight() {
		fmt.Fprintf(&b, "in flight: %s on descriptor %d, cancelled %t\n", o.Code, o.FD, o.Cancelled())
	}
	return b.String()
}
