package drive

import (
	"runtime"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// mark is a moment of the run, with the time waited and the CPU time used until then.
type mark struct {
	at     int64
	waited []int64 // nanoseconds, for each crew
	cpu    time.Duration
}

func (r *run) mark() mark {
	m := mark{at: r.now(), cpu: processCPU()}
	for _, c := range r.crews {
		m.waited = append(m.waited, c.meter.waitedUntil(m.at))
	}
	return m
}

// collect reports each interval until the crews are done, and returns the sum of all
// intervals. Figures of crews that were done before collect began count too.
func (r *run) collect() sample.Total {
	begin, previous, finished := r.began, int64(0), false
	if r.Warmup > 0 {
		finished = r.until(int64(r.Warmup))
		begin = r.mark()
		r.take()
	}
	sum := newFigures(r.Rate > 0)
	for second := int64(1); !finished; second++ {
		finished = r.until(begin.at + r.tick(second))
		taken, at := r.take(), r.now()-begin.at
		if finished && second > 1 && taken.empty() {
			break
		}
		sum.merge(taken)
		if r.OnInterval != nil {
			r.OnInterval(r.interval(taken, at, at-previous))
		}
		previous = at
	}
	return r.total(sum, begin, r.mark())
}

// tick returns when the n-th interval ends: on the full second. If that
// is within half a second of the end of the duration, the interval ends half a second
// after the duration instead, to include the last answers.
func (r *run) tick(n int64) int64 {
	second, half := n*int64(time.Second), int64(time.Second/2)
	if d := int64(r.Duration); d > 0 && second > d-half && second <= d+half {
		return d + half
	}
	return second
}

// until waits for a time of the run. It reports whether the crews were done before
// that time.
func (r *run) until(at int64) (finished bool) {
	timer := time.NewTimer(time.Duration(at - r.now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-r.finished:
		return true
	}
}

// take returns the figures of all crews since the last take.
func (r *run) take() figures {
	all := r.crews[0].meter.take(newFigures(r.Rate > 0))
	for _, c := range r.crews[1:] {
		all.merge(c.meter.take(newFigures(r.Rate > 0)))
	}
	return all
}

func (r *run) interval(f figures, at, length int64) sample.Interval {
	i := sample.Interval{
		At: time.Duration(at), Length: time.Duration(length),
		Requests: f.requests, Vectors: f.vectors, Unsent: f.unsent,
		Latency: f.latency, Service: f.service, Lag: f.lag,
	}
	if r.Reconnect {
		i.Errors = &f.errors
	}
	return i
}

func (r *run) total(sum figures, begin, end mark) sample.Total {
	elapsed := end.at - begin.at
	t := sample.Total{Interval: r.interval(sum, elapsed, elapsed), CPU: end.cpu - begin.cpu}
	if elapsed > 0 {
		t.Busy = min(1, max(0, r.busy(begin, end)))
	}
	for _, c := range r.crews {
		t.Delayed = max(t.Delayed, time.Duration(c.meter.delayed.Load()))
	}
	t.Valid, t.Why = judge(t)
	return t
}

// busy returns the share of its time in which the busiest crew did not wait. The
// busiest crew counts, because a crew without time to spare delays its connections
// even if the other crews have time.
func (r *run) busy(begin, end mark) (most float64) {
	elapsed := float64(end.at - begin.at)
	if r.measured {
		return float64(end.cpu-begin.cpu) / elapsed / float64(runtime.GOMAXPROCS(0))
	}
	for i := range r.crews {
		most = max(most, 1-float64(end.waited[i]-begin.waited[i])/elapsed)
	}
	return most
}
