//go:build linux

package loop

import (
	"math"
	"math/bits"
	"net/netip"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/wire"
)

// temper says how a world is made and how it behaves. A rate of n means one in n; 0: never.
type temper struct {
	simio.Temper // the kernel's; in a herd, all peers send at the same time

	format      wire.Format
	limits      Limits
	inline      bool
	strided     bool // the model can score rows with other data between them
	enough      int  // rows of a call of the model that gains nothing by more
	spins       int  // polls before a sleep; 0: no polls; negative: no sleep
	batchRows   int
	failing     bool // the model fails for marked requests
	panicking   bool // by a panic
	runFailRate int  // rate at which the model fails for several requests together

	crowd        int  // number of peers
	mutes        int  // how many of them read nothing
	loud         bool // peers send everything they can at once
	pace         int  // 0 to 3: pace/4 is how likely another step is at each occasion
	freezes      bool // after an abort no peer moves and no time passes
	elsewhere    int  // connections of other threads
	allow        []netip.Prefix
	receiveSpace int // of a socket, in bytes
}

// formats holds narrow rows, whose receives need much room for answers, and wide rows,
// which need little (Limits.OutputBytes). The widest row does not fit a receive buffer.
var formats = [...]wire.Format{
	{Dim: 1, Outputs: 1, MaxVectors: 64}, {Dim: 1, Outputs: 3, MaxVectors: 64}, {Dim: 2, Outputs: 1, MaxVectors: 3},
	{Dim: 3, Outputs: 2, MaxVectors: 64}, {Dim: 1, Outputs: 1, MaxVectors: 1}, {Dim: 1024, Outputs: 1, MaxVectors: 4},
	{Dim: 1024, Outputs: 3, MaxVectors: 1}, {Dim: 128, Outputs: 1, MaxVectors: 8}, {Dim: 1, Outputs: 200, MaxVectors: 16},
}

var widest = wire.Format{Dim: netio.ReceiveBytes / 4, Outputs: 2, MaxVectors: 2}

func drawTemper(w *world) temper {
	t := temper{
		format: formats[w.IntN(len(formats))],
		inline: w.OneIn(3), strided: w.OneIn(2), spins: simio.Pick(w.Dice, 0, 0, 1, 3, -1),
		failing: w.OneIn(3), panicking: w.OneIn(2), runFailRate: simio.Pick(w.Dice, 0, 0, 0, 3),
		crowd: simio.Pick(w.Dice, 1, w.Between(1, 3), w.Between(1, 8)), pace: w.IntN(4),
	}
	t.Eager, t.Hasty, t.freezes = w.OneIn(4), w.OneIn(8), w.OneIn(2)
	if w.OneIn(64) {
		t.format = widest
	}
	t.limits = drawLimits(w, t.format)
	if w.OneIn(50) && t.format.MaxVectors > 1 && !t.inline {
		t.limits.PoolBytes = (t.format.MaxVectors - 1) * t.format.RowBytes() // some requests are too large
	}
	if !t.inline {
		t.batchRows = simio.Pick(w.Dice, 1, 2, 7, 0)
	}
	t.Descriptors, t.Listeners = math.MaxInt, simio.Pick(w.Dice, 1, 1, 1, w.Between(2, 3))
	if w.OneIn(5) {
		t.Descriptors = w.Between(1, t.limits.Conns+1)
	}
	if w.OneIn(5) {
		t.elsewhere = w.IntN(t.limits.Conns)
	}
	if w.OneIn(10) {
		t.allow = []netip.Prefix{netip.PrefixFrom(peerAddr(w.IntN(4)), w.Between(29, 32)), netip.MustParsePrefix("fd00::/8")}
	}
	t.receiveSpace = drawReceiveSpace(w, t.format)
	if w.OneIn(100) {
		t.Refusal = w.Between(1, 100)
	}
	if w.crowds {
		t.crowded(w)
	}
	if !t.Eager {
		t.Starve, t.Interrupt = simio.Pick(w.Dice, 0, 0, 30, 2), simio.Pick(w.Dice, 0, 40)
		t.Refuse, t.Short = simio.Pick(w.Dice, 0, 0, 10, 2), simio.Pick(w.Dice, 0, 0, 4, 1)
	}
	t.Mislead = simio.Pick(w.Dice, 0, 5)
	t.AcceptFails, t.AcceptEnds, t.AcceptErrors = simio.Pick(w.Dice, 0, 4, 1), simio.Pick(w.Dice, 0, 3), w.Between(0, 5)
	return t
}

// waiter returns the thread's waiter for requests or for answers.
func (t temper) waiter() Waiter {
	if t.spins == 0 {
		return nil
	}
	return &simWaiter{polls: t.spins}
}

// simWaiter makes the thread poll a few times before it sleeps.
type simWaiter struct {
	polls, empty int
	asleep       bool
}

// Idle implements [Waiter].
func (w *simWaiter) Idle(empty int) bool {
	if w.asleep || empty != 1 && empty != w.empty+1 {
		panic("a poll during a sleep, or out of order")
	}
	w.empty, w.asleep = empty, empty >= w.polls
	return w.asleep
}

// Slept implements [Waiter].
func (w *simWaiter) Slept() {
	if !w.asleep {
		panic("the end of a sleep that had not begun")
	}
	w.asleep = false
}

func drawReceiveSpace(w *world, f wire.Format) int {
	return simio.Pick(w.Dice, 2*f.RequestBytes(1), f.RequestBytes(f.MaxVectors)+7, 4*netio.ReceiveBytes)
}

func drawLimits(w *world, f wire.Format) Limits {
	read := f.MostResponseBytes(ReceiveBytes(f))
	rows := simio.Pick(w.Dice, f.MaxVectors, f.MaxVectors+w.IntN(2*f.MaxVectors), 40*f.MaxVectors)
	return Limits{
		Conns:       simio.Pick(w.Dice, 1, 2, w.Between(1, 8), 16),
		InFlight:    simio.Pick(w.Dice, 1, 2, w.Between(1, 8), 64, 300),
		PoolBytes:   rows * f.RowBytes(),
		OutputBytes: read + simio.Pick(w.Dice, 0, w.IntN(8), w.IntN(read), 3*read),

		RequestTicks: uint32(simio.Pick(w.Dice, 0, 1, w.Between(1, lingerTicks))),
		IdleTicks:    uint32(simio.Pick(w.Dice, 0, 0, 0, w.Between(1, lingerTicks))),
	}
}

func (w *world) drawOperator() *operator {
	o := &operator{w: w, stopAt: math.MaxInt, abortAt: math.MaxInt}
	if w.OneIn(3) {
		o.stopAt = w.IntN(30 * (1 + w.crowd))
	}
	switch w.IntN(16) {
	case 0:
		o.abortAt = w.IntN(30 * (1 + w.crowd))
	case 1:
		o.stopAt = w.IntN(30 * (1 + w.crowd))
		o.abortAt = o.stopAt + w.IntN(8)
	}
	return o
}

// listeners returns the thread's listeners. Every second listener is not TCP.
func (w *world) listeners() (all []Listener) {
	for i := range w.Listeners {
		all = append(all, Listener{FD: simio.ListenerFD(i), TCP: i%2 == 0})
	}
	return all
}

// build makes the thread and what it shares with its batcher, as package server does.
func (w *world) build() {
	slots := 1 << bits.Len(uint(w.limits.InFlight-1))
	responses, err := ringbuf.NewSPSC[batcher.Response](w.models.room(w.limits.InFlight), waker(w.kernel.Signal))
	w.must(err)
	var requests *ringbuf.Ring[batcher.Request]
	if w.inline {
		requests, err = ringbuf.NewSPSC[batcher.Request](slots, nil)
	} else {
		w.batch = &batchThread{w: w}
		requests, err = ringbuf.NewMPSC[batcher.Request](slots, waker(w.batch.wake))
	}
	w.must(err)
	w.conns.Store(int64(w.elsewhere))
	w.thread, err = New(Config{
		Format: w.format, Welcome: w.v2.welcome, Limits: w.limits, Conns: &w.conns, Allow: w.allow, Proxies: w.proxies, Backend: w.kernel, WakeFD: simio.WakeFD,
		Listeners: w.listeners(),
		Requests:  requests.Producer(), Responses: responses.Consumer(), RequestWaiter: w.waiter(), AnswerWaiter: w.waiter(),
		Batches: make([]batcher.Batch, responses.Capacity()), Clock: w.clock.read,
	})
	w.must(err)
	w.requests, w.responses = requests, responses
	consumer := requests.Consumer()
	b, err := batcher.New(batcher.Config{
		Model: w.model(0), Dim: w.format.Dim, Requests: consumer, BatchRows: w.batchRows, Clock: w.clock.read,
		Sources: []batcher.Source{w.thread.Source(responses.Producer())},
	})
	w.must(err)
	w.batcher = b
	if w.inline {
		w.thread.ScoreInline(b, w.enough)
	} else {
		w.batch.Batcher, w.batch.requests = b, consumer
	}
}
