//go:build linux

package server

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/waiting"
	"github.com/disrust/disrust/wire"
)

// BenchmarkHop measures the way from an I/O thread to the batcher and back, without
// sockets: it begins when the I/O thread claims a slot for a request of one vector, and
// ends when it polls the response. With burst=64 one claim publishes 64 requests. With
// asleep, the batch thread has slept for a while when the request arrives.
//
// ns/op is the mean per request; the percentiles are of whole bursts. Both include one
// reading of the clock, about 25 ns, which the sub-benchmark clock measures.
func BenchmarkHop(b *testing.B) {
	b.Run("clock", func(b *testing.B) {
		nothing := func() {}
		timeHops(b, 1, nothing, nothing, nothing)
	})
	b.Run("inline", func(b *testing.B) { benchmarkHop(b, Inline, WaitAuto, 1, false) })
	b.Run("inline/burst=64", func(b *testing.B) { benchmarkHop(b, Inline, WaitAuto, hopRows, false) })
	for wait, name := range []string{WaitAuto: "auto", WaitSpin: "spin", WaitYield: "yield", WaitBlock: "block"} {
		wait, name := Wait(wait), "dedicated/"+name
		b.Run(name, func(b *testing.B) { benchmarkHop(b, Dedicated, wait, 1, false) })
		b.Run(name+"/burst=64", func(b *testing.B) { benchmarkHop(b, Dedicated, wait, hopRows, false) })
		if wait == WaitAuto || wait == WaitBlock {
			b.Run(name+"/asleep", func(b *testing.B) { benchmarkHop(b, Dedicated, wait, 1, true) })
		}
	}
}

// hopRows is the length of the longest burst, whose requests have one row each.
const hopRows = 64

func benchmarkHop(b *testing.B, placement BatchThreads, wait Wait, burst int, asleep bool) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cpus + 2)) // as Start does
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := newRequester(b, placement, wait)
	for range DefaultConfig().RequestRing / hopRows { // touch all memory before measuring
		r.write(hopRows)
		r.ask(hopRows)
		r.check(b, hopRows)
	}
	prepare := func() { r.write(burst) }
	if asleep {
		prepare = func() { r.write(burst); r.batch.awaitSleep() }
	}
	timeHops(b, burst, prepare, func() { r.ask(burst) }, func() { r.check(b, burst) })
}

// timeHops times each hop of burst requests, without the prepare before it and the check
// after it.
func timeHops(b *testing.B, burst int, prepare, hop, check func()) {
	times := make([]time.Duration, min(b.N, 1<<20)) // of the latest hops
	hops, total := 0, time.Duration(0)
	b.ReportAllocs()
	b.ResetTimer()
	for ; hops*burst < b.N; hops++ {
		prepare()
		start := time.Now()
		hop()
		took := time.Since(start)
		check()
		total += took
		times[hops%len(times)] = took
	}
	b.StopTimer()
	times = times[:min(hops, len(times))]
	slices.Sort(times)
	b.ReportMetric(float64(total)/float64(hops*burst), "ns/op")
	for _, p := range []float64{50, 99, 99.9} {
		at := int(p / 100 * float64(len(times)-1))
		b.ReportMetric(float64(times[at]), fmt.Sprintf("p%v-ns", p))
	}
}

// requester is an I/O thread's side of the rings.
type requester struct {
	requests  *ringbuf.Producer[batcher.Request]
	responses *ringbuf.Consumer[batcher.Response]
	source    batcher.Source
	dim       int
	next      uint64 // sequence of the next request's slot, the same in both rings

	batcher *batcher.Batcher // polled inline; nil: a batch thread runs it
	batch   *sleepObserver   // how the batch thread waits
	wait    *waiting.Waiter  // how the I/O thread waits
}

// newRequester makes the rings and the batcher as build does.
func newRequester(b *testing.B, placement BatchThreads, wait Wait) *requester {
	cfg := DefaultConfig()
	cfg.Dim = wire.DefaultDim
	r := &requester{
		dim: cfg.Dim, wait: waiting.New(waiting.Strategy(wait), newEvent(b), new(atomic.Int32)),
		batch: &sleepObserver{WaitStrategy: waiting.New(waiting.Strategy(wait), newEvent(b), new(atomic.Int32))},
	}
	responses, err := ringbuf.NewSPSC[batcher.Response](cfg.ResponseRing, r.wait)
	fatal(b, err)
	r.responses = responses.Consumer()
	r.source = batcher.Source{Rows: make([]float32, hopRows*cfg.Dim), Scores: make([]float32, hopRows), Responses: responses.Producer()}
	newRing, strategy := ringbuf.NewMPSC[batcher.Request], ringbuf.WaitStrategy(r.batch)
	if placement == Inline {
		newRing, strategy = ringbuf.NewSPSC[batcher.Request], ringbuf.BusySpin{}
	}
	requests, err := newRing(cfg.RequestRing, strategy)
	fatal(b, err)
	r.requests = requests.Producer()
	scorer, err := batcher.New(batcher.Config{Model: batcher.Sum{}, Dim: cfg.Dim, Requests: requests.Consumer(), Sources: []batcher.Source{r.source}})
	fatal(b, err)
	if placement == Inline {
		r.batcher = scorer
		return r
	}
	ended := make(chan struct{})
	go func() { scorer.Run(); close(ended) }()
	b.Cleanup(func() { requests.Close(); <-ended })
	return r
}

func newEvent(b *testing.B) *eventfd.EventFD {
	event, err := eventfd.New()
	fatal(b, err)
	b.Cleanup(func() { event.Close() })
	return event
}

func fatal(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// feature returns the value of all features of a request. Their sum is exact, and differs
// from those of the requests just before.
func feature(request uint64) float32 { return float32(request%1000 + 1) }

// write writes the rows of the next burst, as an I/O thread does when it parses requests.
func (r *requester) write(burst int) {
	for i := range burst {
		row := r.source.Rows[i*r.dim : (i+1)*r.dim]
		for j := range row {
			row[j] = feature(r.next + uint64(i))
		}
	}
}

// ask publishes a burst and polls its responses. check releases them.
func (r *requester) ask(burst int) {
	lo, ok := r.requests.Claim(burst)
	if !ok {
		panic("the request ring is full")
	}
	for i := range burst {
		*r.requests.Slot(lo + ringbuf.Sequence(i)) = batcher.Request{Key: r.next + uint64(i), Row: uint32(i), Vectors: 1}
	}
	r.requests.Publish(lo, burst)
	for polled := 0; polled < burst; {
		r.await()
		_, count := r.responses.Poll(burst - polled)
		polled += count
	}
}

// await polls the batcher inline, or waits for responses as an I/O thread does. It sleeps
// in a read of the eventfd, where an I/O thread sleeps in io_uring.
func (r *requester) await() {
	switch {
	case r.batcher != nil:
		r.batcher.Poll()
	case !r.pollUntilIdle() && r.responses.Announce():
		r.wait.Sleep()
		r.responses.Awake()
	}
}

// pollUntilIdle polls for a response, as an I/O thread does. It returns false when the wait
// strategy says to sleep.
func (r *requester) pollUntilIdle() bool {
	for empty := 1; ; empty++ {
		if r.responses.Ready() {
			return true
		}
		if r.wait.Idle(empty) {
			return false
		}
	}
}

// check verifies a burst's responses and releases them.
func (r *requester) check(b *testing.B, burst int) {
	for i := range burst {
		request := r.next + uint64(i)
		got := *r.responses.Slot(ringbuf.Sequence(request))
		want := batcher.Response{Key: request, Row: uint32(i), Vectors: 1}
		score, sum := r.source.Scores[i], float32(r.dim)*feature(request)
		if got != want || score != sum {
			b.Fatalf("response %+v with score %v, want %+v with %v", got, score, want, sum)
		}
	}
	r.responses.Release(burst)
	r.next += uint64(burst)
}

// sleepObserver is a wait strategy that records whether the batch thread sleeps.
type sleepObserver struct {
	ringbuf.WaitStrategy
	asleep atomic.Bool
}

// Sleep implements [ringbuf.WaitStrategy].
func (o *sleepObserver) Sleep() {
	o.asleep.Store(true)
	o.WaitStrategy.Sleep()
	o.asleep.Store(false)
}

// awaitSleep returns once the batch thread has slept so long that its CPU is idle too.
func (o *sleepObserver) awaitSleep() {
	const enough = 200 * time.Microsecond
	for since := time.Now(); time.Since(since) < enough; {
		ringbuf.BusySpin{}.Idle(0)
		if !o.asleep.Load() {
			since = time.Now()
		}
	}
}
