//go:build linux

package stages

import (
	"math"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/server/metrics"
)

const (
	// SlowReads is how many slow reads a Recorder keeps.
	SlowReads = 4096

	slowShare = 1000 // one read in so many counts as slow

	firstWindow = slowShare // reads before the first threshold
	window      = 8192      // reads between two thresholds

	// moreSlow is after how many slow reads the threshold doubles until the window ends. Otherwise, where all reads become
	// slower at once, those of a window would replace all that were kept, and cost the thread time.
	moreSlow = 4 * window / slowShare

	never = math.MaxUint64
)

// slow keeps reads whose requests took longer than a threshold.
type slow struct {
	threshold uint64 // nanoseconds
	reads     int    // in this window
	noted     int    // in this window, since the threshold changed
	before    [metrics.Buckets]uint64
	next      uint64 // number of the next slow read, from 0 on

	ring [SlowReads]slowRead
}

const slowBytes = metrics.Buckets*8 + SlowReads*8*slowWords

// slowRead is a slow read in words that the thread writes and others read. The number in the first word is 0 while
// the others change.
type slowRead [slowWords]atomic.Uint64

const (
	slowNumber = iota // counted from 1
	slowKey
	slowDelivered
	slowSize // requests, and in the lower half vectors
	slowPeer // two words
	_
	slowStage // one word per stage
	slowWords = slowStage + metrics.StageCount
)

// isSlow reports whether a read is among the slow ones. It reads only the thread's own memory.
func (r *Recorder) isSlow(whole uint64) bool {
	s := &r.slow
	if s.reads++; s.reads >= window || s.threshold == never && s.reads >= firstWindow {
		r.setThreshold()
	}
	if whole <= s.threshold {
		return false
	}
	if s.noted++; s.noted == moreSlow {
		s.threshold, s.noted = 2*s.threshold, 0
	}
	return true
}

// setThreshold sets the threshold to what one request in slowShare exceeded in the window that ends. It begins another.
func (r *Recorder) setThreshold() {
	r.Publish()
	s, sum := &r.slow, uint64(0)
	for i := range s.before {
		now := r.counts[whole][i].Load()
		s.before[i] = now - s.before[i]
		sum += s.before[i]
	}
	left, bucket := sum/slowShare, len(s.before)-1
	for ; bucket > 0; bucket-- {
		if s.before[bucket] > left {
			break
		}
		left -= s.before[bucket]
	}
	_, s.threshold = metrics.Bounds(bucket)
	for i := range s.before {
		s.before[i] = r.counts[whole][i].Load()
	}
	s.reads, s.noted = 0, 0
}

// NoteSlow keeps a read for which Sent returned true. peer may be invalid.
func (r *Recorder) NoteSlow(rec *Record, sent int64, peer netip.Addr) {
	s := &r.slow
	e := &s.ring[s.next%SlowReads]
	s.next++
	e[slowNumber].Store(0)
	e[slowKey].Store(rec.Key)
	e[slowDelivered].Store(uint64(rec.Delivered))
	e[slowSize].Store(uint64(rec.Requests)<<32 | uint64(rec.Vectors))
	high, low := uint64(0), uint64(0)
	if peer.IsValid() {
		b := peer.As16()
		for i := range 8 {
			high, low = high<<8|uint64(b[i]), low<<8|uint64(b[8+i])
		}
	}
	e[slowPeer].Store(high)
	e[slowPeer+1].Store(low)
	for i, d := range rec.durations(sent) {
		e[slowStage+i].Store(d)
	}
	e[slowNumber].Store(s.next)
}

// Slow returns the slow reads that are kept, in no order. thread is the thread's name, and start the time
// from which stamps count.
func (r *Recorder) Slow(thread string, start time.Time) (all []metrics.Slow) {
	for i := range r.slow.ring {
		e := &r.slow.ring[i]
		number := e[slowNumber].Load()
		if number == 0 {
			continue
		}
		size := e[slowSize].Load()
		one := metrics.Slow{
			Thread: thread, When: start.Add(time.Duration(e[slowDelivered].Load())), Connection: e[slowKey].Load(),
			Requests: int(size >> 32), Vectors: int(uint32(size)), Peer: peerOf(e[slowPeer].Load(), e[slowPeer+1].Load()),
		}
		for k := range one.Stage {
			one.Stage[k] = time.Duration(e[slowStage+k].Load())
		}
		if e[slowNumber].Load() == number { // otherwise the thread has written another read over it
			all = append(all, one)
		}
	}
	return all
}

// peerOf returns the address in two words, or the zero Addr.
func peerOf(high, low uint64) netip.Addr {
	if high == 0 && low == 0 {
		return netip.Addr{}
	}
	var b [16]byte
	for i := range 8 {
		b[7-i], b[15-i] = byte(high>>(8*i)), byte(low>>(8*i))
	}
	return netip.AddrFrom16(b).Unmap()
}
