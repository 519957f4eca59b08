package top

import (
	"math"
	"time"

	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/metrics"
)

// none stands for a figure that is not known.
var none = math.NaN()

// reading is what is shown: what a server said last, and what it did since it was asked before.
type reading struct {
	at        time.Time
	status    admin.Status
	restarted bool // another process answered before: no figure of the interval is known

	rates    rates
	stages   []latency
	threads  []share
	waits    []event // per second
	troubles []event // since the start
}

// rates are figures per second.
type rates struct{ requests, vectors, received, sent float64 }

// latency says how long the requests of an interval were in a stage, in nanoseconds.
type latency struct {
	name                    string
	p50, p99, p999, slowest float64
}

// share says which part of an interval a thread worked, polled and slept.
type share struct {
	name                     string
	working, polling, asleep float64
}

// event is something that should not happen often.
type event struct {
	name  string
	count float64
	more  float64 // of the interval
}

// compare makes a reading of two samples. It trusts neither: a server may have restarted between them, or be none.
func compare(before, now sample) reading {
	r := reading{at: now.at, status: now.status, restarted: restarted(&before.status, &now.status)}
	seconds := now.at.Sub(before.at).Seconds()
	per := func(counter string) float64 {
		if r.restarted || seconds <= 0 {
			return none
		}
		return float64(now.status.Counters[counter]-before.status.Counters[counter]) / seconds
	}
	r.rates = rates{per("requests"), per("vectors"), per("received_bytes"), per("sent_bytes")}
	for _, name := range stageNames() {
		r.stages = append(r.stages, r.latency(name, before.stages.Stages[name], now.stages.Stages[name]))
	}
	earlier := make(map[string]admin.ThreadSeconds)
	for _, t := range before.status.ThreadSeconds {
		earlier[t.Thread] = t
	}
	for _, t := range now.status.ThreadSeconds {
		r.threads = append(r.threads, r.share(earlier[t.Thread], t))
	}
	for _, w := range waits {
		r.waits = append(r.waits, event{w.name, per(w.counter), 0})
	}
	for _, e := range troubles {
		r.troubles = append(r.troubles, event{e.name, float64(now.status.Counters[e.counter]), per(e.counter) * seconds})
	}
	return r
}

// named is a counter with its name on the screen.
type named struct{ name, counter string }

// waits are the counters of requests that found no room.
var waits = []named{
	{"request ring", "request_ring_full"}, {"response ring", "response_ring_full"}, {"pool", "pool_full"},
	{"receive buffers", "buffers_exhausted"}, {"peers that do not read", "held_answers"}, {"kernel memory", "kernel_busy"},
}

// troubles are the counters of what failed or was refused.
var troubles = []named{
	{"model failures", "model_failures"}, {"refused connections", "refused"}, {"accept errors", "accept_errors"},
	{"denied addresses", "denied"}, {"protocol errors", "protocol_errors"}, {"refused hellos", "refused_hellos"},
	{"late requests", "late_requests"}, {"refused reloads", "reload_failures"},
}

// restarted reports whether two answers are of different processes, or of different servers of one.
func restarted(before, now *admin.Status) bool {
	if before.Started != nil && (now.Started == nil || !now.Started.Equal(*before.Started)) {
		return true
	}
	for name, count := range before.Counters {
		if now.Counters[name] < count {
			return true
		}
	}
	return false
}

// stageNames returns the stages by their names in /stages, and the whole of them.
func stageNames() (names []string) {
	for i := range metrics.StageCount {
		names = append(names, metrics.Stage(i).String())
	}
	return append(names, "whole")
}

func (r *reading) latency(name string, before, now admin.Distribution) latency {
	h, ok := difference(before, now)
	if !ok || r.restarted || h.Count() == 0 {
		return latency{name, none, none, none, none}
	}
	return latency{name, h.Quantile(0.5), h.Quantile(0.99), h.Quantile(0.999), h.Quantile(1)}
}

func (r *reading) share(before, now admin.ThreadSeconds) share {
	working, polling, asleep := now.Working-before.Working, now.Polling-before.Polling, now.Asleep-before.Asleep
	whole := working + polling + asleep
	if r.restarted || working < 0 || polling < 0 || asleep < 0 || whole <= 0 {
		return share{now.Thread, none, none, none}
	}
	return share{now.Thread, working / whole, polling / whole, asleep / whole}
}
