//go:build linux

package loop

import "github.com/disrust/disrust/wire"

// Another model may take the place of the served one. The batcher replaces it between two batches
// and puts a response without vectors in the response ring: what follows comes from the other
// model. So the thread learns it in its place among the answers, whoever scores.

// Replacement is what a thread needs to know of the model that takes the place of the served one.
type Replacement struct {
	Welcome wire.Welcome // as Config.Welcome, with the other model's identity
	Enough  int          // as for ScoreInline
}

// maxModelNotices is the most notices of another model that an output block has to hold without
// having had room for them when a receive was armed. The requests for whose answers there was room then
// are in flight, in a receive buffer, or still to arrive. Passed makes sure that those of each of these
// three meet at most one replacement, and each may have one behind it of which its connection has not been
// told.
const maxModelNotices = 6

// modelNoticeBytes is the size of such a notice.
const modelNoticeBytes = wire.NoticeBytes + len(wire.Identity{})

// Replace tells the thread about the model that its batcher replaces next. Any goroutine may call
// it, before the batcher's Replace, and must then wake who calls the batcher's Poll. Before it calls
// Replace again, Passed must have counted this replacement.
func (t *Thread) Replace(r Replacement) { t.next.Store(&r) }

// Passed returns how many replacements the thread has behind it: all requests that were in flight
// when the model was replaced are answered, and no connection has waited since then with a request
// in its receive buffer. Any goroutine may call it.
func (t *Thread) Passed() uint32 { return t.passed.Load() }

// takeModel makes the thread's own batcher replace its model, if that is asked for.
func (t *Thread) takeModel() {
	if t.batcher != nil && t.batcher.Replacing() {
		t.batcher.Poll()
		t.collect()
	}
}

// anotherModel notes that the following answers come from another model.
func (t *Thread) anotherModel() {
	r := t.next.Load()
	t.model++
	t.behind = t.inFlight
	t.cfg.Welcome = r.Welcome
	if t.batcher != nil {
		t.ScoreInline(t.batcher, r.Enough)
	}
}

// passModel counts a replacement in Passed once it is behind the thread.
func (t *Thread) passModel() {
	if t.model == t.passed.Load() || t.behind > 0 {
		return
	}
	if c := t.stalled.front(); c == nil || c.stalledIn == t.model {
		t.passed.Store(t.model)
	}
}

// tellModel tells c's peer that the next answer or failure comes from another model.
func (t *Thread) tellModel(c *conn) {
	c.model = t.model
	if c.version == 2 && c.phase != closing {
		t.appendExtra(c, func(b []byte) []byte { return wire.AppendNotice(b, wire.AnotherModel, t.cfg.Welcome.Identity[:]) })
	}
}

// DropModel forgets a replacement that came too late for the thread. The thread and the batcher must
// have ended.
func (t *Thread) DropModel() {
	if _, news := t.responses.Poll(1); news > 0 {
		t.responses.Release(news)
	}
}
