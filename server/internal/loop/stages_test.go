//go:build linux

package loop

import (
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// bench is a thread whose kernel, batch thread and clock a test moves by hand. Each reading of the clock takes no time.
type bench struct {
	*Thread
	kernel *idleKernel
	time   int64
}

// newBench makes a bench with one connection. With inline set, the thread scores for itself, which takes 1000 per row.
func newBench(t *testing.T, inline bool) (*bench, *conn) {
	t.Helper()
	b := &bench{}
	th, kernel := idleThread(t)
	th.clock = func() int64 { return b.time }
	b.Thread, b.kernel = th, kernel
	if inline {
		requests, err := ringbuf.NewSPSC[batcher.Request](64, nil)
		check(t, err)
		responses, err := ringbuf.NewSPSC[batcher.Response](64, nil)
		check(t, err)
		th.cfg.Batches = make([]batcher.Batch, responses.Capacity())
		th.requests, th.responses = requests.Producer(), responses.Consumer()
		model := batcher.ModelFunc(func(_ []float32, _ int, out []float32) error { b.time += 1000 * int64(len(out)); return nil })
		own, err := batcher.New(batcher.Config{
			Model: model, Dim: 1, Requests: requests.Consumer(), Clock: th.clock, Sources: []batcher.Source{th.Source(responses.Producer())},
		})
		check(t, err)
		th.ScoreInline(own, 1)
	}
	th.adopt(&th.listeners[0], 5)
	return b, th.conns.Get(th.dirty[0])
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// turn lets the thread make a turn in which its kernel takes 10, and which brings a read, unless b is nil. The read is
// parsed in no time. The end of the turn takes 100.
func (b *bench) turn(c *conn, read []byte) {
	b.time += 10
	b.turned()
	b.arrived = b.now
	b.settleSends()
	if read != nil {
		b.kernel.buffer = read
		b.arm(c)
		b.dispatch(&netio.Event{Key: uint64(c.key), Code: netio.Receive, Outcome: netio.Done, N: int32(len(read))})
	}
	b.exchange()
	b.flush()
	b.time += 100
}

// expect compares the sums of the stages, and how many requests count.
func (b *bench) expect(t *testing.T, requests, read, wait, score, send uint64) {
	t.Helper()
	s := new(metrics.Stages)
	b.Recorder().AddTo(s)
	got := [...]uint64{s.Whole.Count(), uint64(s.Stage[metrics.Read].Sum), uint64(s.Stage[metrics.Wait].Sum), uint64(s.Stage[metrics.Score].Sum), uint64(s.Stage[metrics.Send].Sum)}
	if want := [...]uint64{requests, read, wait, score, send}; got != want {
		t.Errorf("requests and their read, wait, score and send are %v, want %v", got, want)
	}
}

func ask(vectors ...int) (read []byte) {
	for _, n := range vectors {
		read = wire.AppendRequest(read, n, make([]float32, n))
	}
	return read
}

// TestStagesOfAPool: requests that pass through the pool wait for their batch, and are scored as long as the batch takes.
func TestStagesOfAPool(t *testing.T) {
	b, c := newBench(t, true)
	b.turn(c, ask(1, 2)) // three rows, fewer than minPackedVectors: they are gathered
	b.expect(t, 0, 0, 0, 0, 0)
	b.turn(c, nil)
	b.expect(t, 2, 0, 0, 2*3000, 2*110)
}

// TestStagesInPlace: requests of one read that are scored in place share their stamps.
func TestStagesInPlace(t *testing.T) {
	b, c := newBench(t, true)
	b.least, b.enough = 2, 2
	b.turn(c, ask(2, 3))
	b.turn(c, nil)
	b.expect(t, 2, 0, 0, 2*5000, 2*110)
}

// TestStagesOfAnotherThread: what a batch thread scores waits from when it is parsed until the batch begins. Requests of one
// read that are scored in two batches count with the batch of each.
func TestStagesOfAnotherThread(t *testing.T) {
	b, c := newBench(t, false)
	responses, err := ringbuf.NewSPSC[batcher.Response](64, nil)
	check(t, err)
	b.Thread.responses = responses.Consumer()
	p := responses.Producer()
	b.turn(c, ask(1, 1, 4)) // delivered and parsed at 10, and the thread goes on at 110
	row := uint32(0)
	answer := func(begun, scored int64, vectors ...uint16) {
		lo, _ := p.Claim(len(vectors))
		b.cfg.Batches[int(lo)%len(b.cfg.Batches)] = batcher.Batch{Begun: begun, Scored: scored, Count: uint32(len(vectors)), Rows: 7}
		for i, n := range vectors {
			*p.Slot(lo + ringbuf.Sequence(i)) = batcher.Response{Key: uint64(c.key), Row: row, Vectors: n}
			row += uint32(n)
		}
		p.Publish(lo, len(vectors))
	}
	answer(50, 60, 1, 1)
	answer(60, 90, 4)
	b.turn(c, nil) // takes the answers
	b.turn(c, nil) // has sent them, at 230
	b.expect(t, 3, 0, 40+40+50, 10+10+30, 170+170+140)
}

// TestStagesOfAStalledRead: what found no room when it was received is being read until it finds room.
func TestStagesOfAStalledRead(t *testing.T) {
	b, c := newBench(t, true)
	b.cfg.Limits.InFlight = 0 // nothing finds room
	b.turn(c, ask(1))
	b.turn(c, nil)
	b.cfg.Limits.InFlight = 64
	b.turn(c, nil)
	b.turn(c, nil)
	b.expect(t, 1, 2*110, 0, 1000, 110)
}

// TestStagesHeldBack: answers that wait behind an earlier send are being sent until it has ended. They count together, with the
// stamps of the first.
func TestStagesHeldBack(t *testing.T) {
	b, c := newBench(t, true)
	b.turn(c, ask(1))
	b.dispatch(&netio.Event{Key: uint64(c.key), Code: netio.Send, Outcome: netio.Interrupted}) // the socket takes nothing
	b.turn(c, ask(1))                                                                          // the first answer was handed over
	b.expect(t, 1, 0, 0, 1000, 110)
	b.turn(c, ask(1))
	b.turn(c, nil)
	b.expect(t, 1, 0, 0, 1000, 110)
	if b.tally.HeldAnswers != 2 {
		t.Errorf("%d answers are held back, want 2", b.tally.HeldAnswers)
	}
	b.dispatch(&netio.Event{Key: uint64(c.key), Code: netio.SendRest, Outcome: netio.Done, N: int32(c.sending.hi)})
	b.turn(c, nil) // sends both
	b.turn(c, nil)
	const held = 110 + 1110 + 110 + 110 // turns since the first of them was scored
	b.expect(t, 3, 0, 0, 3*1000, 110+2*held)
}

// TestStagesOfTheDead: answers to a connection that has ended count, too.
func TestStagesOfTheDead(t *testing.T) {
	b, c := newBench(t, true)
	b.turn(c, ask(1))
	b.close(c)
	b.turn(c, nil)
	b.expect(t, 1, 0, 0, 1000, 110)
}

// TestManyRecords: requests beyond the room for records count with the last one.
func TestManyRecords(t *testing.T) {
	b, _ := newBench(t, true)
	most := cap(b.unsent)
	for range most + 10 {
		b.answeredInPlace(slab.Key(1), 3, 6)
	}
	b.turn(nil, nil)
	b.expect(t, 3*uint64(most+10), 0, 0, 0, 3*uint64(most+10)*10)
}
