//go:build linux

package iothread

import (
	"math"
	"math/bits"
	"net/netip"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/wire"
)

// temper is how a world is made and behaves. Rates are "one in": 0 is never.
type temper struct {
	format    wire.Format
	limits    Limits
	inline    bool
	strided   bool // the model scores rows that lie apart
	spins     int  // looks before it sleeps; negative: it never does
	batchRows int
	failing   bool // the model fails for marked requests
	panicking bool // by a panic
	moody     int  // rate: it fails for runs of several requests

	crowd        int  // peers
	mutes        int  // of them read nothing
	herd         bool // they speak when all do, and what has come is received at once
	loud         bool // they say all that they can
	pace         int  // 0 to 3 of 4: how likely another step is at each occasion
	eager        bool // what can complete does so at once, and nothing goes wrong by itself
	hasty        bool // time passes while there is work; else only when there is none
	freezes      bool // an abort gets no help
	descriptors  int  // connections that the process may have open
	elsewhere    int  // connections of other threads
	allow        []netip.Prefix
	receiveSpace int // of a socket, bytes

	starve, interrupt, short, mislead     int // rates of a receive's mishaps
	refuse                                int // of sends
	acceptFails, acceptEnds, acceptErrors int // of accepts; and how often they may fail
	refusal                               int // turn that the kernel refuses; 0: none
}

// formats: narrow rows make many answers a receive, wide ones make the least room
// for answers (Limits.OutputBytes) small, the widest does not fit into a receive buffer.
var formats = [...]wire.Format{
	{Dim: 1, MaxVectors: 64}, {Dim: 1, MaxVectors: 64}, {Dim: 2, MaxVectors: 3}, {Dim: 3, MaxVectors: 64},
	{Dim: 1, MaxVectors: 1}, {Dim: 1024, MaxVectors: 4}, {Dim: 1024, MaxVectors: 1}, {Dim: 128, MaxVectors: 8},
}

var widest = wire.Format{Dim: ReceiveBytes / 4, MaxVectors: 2}

func drawTemper(w *world) temper {
	t := temper{
		format: formats[w.IntN(len(formats))],
		inline: w.oneIn(3), strided: w.oneIn(2), spins: pick(w, 0, 0, 1, 3, -1),
		failing: w.oneIn(3), panicking: w.oneIn(2), moody: pick(w, 0, 0, 0, 3),
		crowd: pick(w, 1, w.between(1, 3), w.between(1, 8)), pace: w.IntN(4), eager: w.oneIn(4), hasty: w.oneIn(8), freezes: w.oneIn(2),
	}
	if w.oneIn(64) {
		t.format = widest
	}
	t.limits = drawLimits(w, t.format)
	if w.oneIn(50) && t.format.MaxVectors > 1 && !t.inline {
		t.limits.PoolBytes = (t.format.MaxVectors - 1) * t.format.RowBytes() // some requests are too large
	}
	if !t.inline {
		t.batchRows = pick(w, 1, 2, 7, 0)
	}
	t.descriptors = math.MaxInt
	if w.oneIn(5) {
		t.descriptors = w.between(1, t.limits.Conns+1)
	}
	if w.oneIn(5) {
		t.elsewhere = w.IntN(t.limits.Conns)
	}
	if w.oneIn(10) {
		t.allow = []netip.Prefix{netip.PrefixFrom(peerAddr(w.IntN(4)), w.between(29, 32)), netip.MustParsePrefix("fd00::/8")}
	}
	t.receiveSpace = drawReceiveSpace(w, t.format)
	if w.oneIn(100) {
		t.refusal = w.between(1, 100)
	}
	if w.crowds {
		t.crowded(w)
	}
	if !t.eager {
		t.starve, t.interrupt = pick(w, 0, 0, 30, 2), pick(w, 0, 40)
		t.refuse, t.short = pick(w, 0, 0, 10, 2), pick(w, 0, 0, 4, 1)
	}
	t.mislead = pick(w, 0, 5)
	t.acceptFails, t.acceptEnds, t.acceptErrors = pick(w, 0, 4, 1), pick(w, 0, 3), w.between(0, 5)
	return t
}

// idle is the thread's.
func (t temper) idle() func(int) bool {
	if t.spins == 0 {
		return nil
	}
	return func(empty int) bool { return empty >= t.spins }
}

func drawReceiveSpace(w *world, f wire.Format) int {
	return pick(w, 2*f.RequestBytes(1), f.RequestBytes(f.MaxVectors)+7, 4*ReceiveBytes)
}

func drawLimits(w *world, f wire.Format) Limits {
	rows := pick(w, f.MaxVectors, f.MaxVectors+w.IntN(2*f.MaxVectors), 40*f.MaxVectors)
	return Limits{
		Conns:       pick(w, 1, 2, w.between(1, 8), 16),
		InFlight:    pick(w, 1, 2, w.between(1, 8), 64, 300),
		PoolBytes:   rows * f.RowBytes(),
		OutputBytes: ReadBytes(f) + pick(w, 0, w.IntN(8), w.IntN(ReadBytes(f)), 3*ReadBytes(f)),

		RequestTicks: uint32(pick(w, 0, 1, w.between(1, lingerTicks))),
		IdleTicks:    uint32(pick(w, 0, 0, 0, w.between(1, lingerTicks))),
	}
}

func (w *world) drawOperator() *operator {
	o := &operator{w: w, stopAt: math.MaxInt, abortAt: math.MaxInt}
	if w.oneIn(3) {
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

// build makes the thread and what it shares with its batcher, as the server does.
func (w *world) build() {
	slots := 1 << bits.Len(uint(w.limits.InFlight-1))
	responses, err := ringbuf.NewSPSC[batcher.Response](slots, waker(w.kernel.signal))
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
		Format: w.format, Limits: w.limits, Conns: &w.conns, Allow: w.allow, Listener: listenerFD, Kernel: w.kernel, WakeFD: wakeFD,
		Requests: requests.Producer(), Responses: responses.Consumer(), Idle: w.idle(),
	})
	w.must(err)
	w.kernel.requests, w.kernel.responses = requests, responses
	consumer := requests.Consumer()
	b, err := batcher.New(batcher.Config{
		Model: w.model(), Dim: w.format.Dim, Requests: consumer, BatchRows: w.batchRows,
		Sources: []batcher.Source{w.thread.Source(responses.Producer())},
	})
	w.must(err)
	if w.inline {
		w.thread.ScoreInline(b)
	} else {
		w.batch.Batcher, w.batch.requests = b, consumer
	}
}
