package client

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/disrust/disrust/wire"
)

// flight is one call on its way, from Start until it has ended. Requests refer
// to it, not to the Call, because some may outlive the call's end: a flight
// that ended well has none left and is used again; one that ended in an error,
// or whose timer fired, is left to the collector.
//
// Invariant: rows are read, and dst is written, only before over is set, or by
// a write under way on one of readers. The flight has ended, and its caller is
// told, once over is set and readers is empty.
type flight struct {
	client   *Client
	call     *Call
	done     chan *Call
	finished chan struct{} // receives once, at the end; has room for that

	mu      sync.Mutex
	payload payload
	dst     []float32
	missing int     // scores to come
	begun   int     // requests that the kernel was given, at least in part
	readers []*link // one element for each request being written by reference
	over    bool    // decided: err says how
	err     error   // fixed once over
	timer   *time.Timer
	timing  bool // timer runs, or has fired
}

func newFlight() *flight { return &flight{finished: make(chan struct{}, 1)} }

// limit has f abandoned after timeout; 0 means never.
func (f *flight) startTimer(timeout time.Duration) {
	if timeout == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.timing = true
	if f.timer == nil {
		f.timer = time.AfterFunc(timeout, func() { f.end(&GaveUp{Err: context.DeadlineExceeded}) })
	} else {
		f.timer.Reset(timeout)
	}
}

// unlimit stops what limit began; false when it is too late for that: f must
// not be used again. mu is held.
func (f *flight) stopTimer() (stopped bool) {
	stopped = !f.timing || f.timer.Stop()
	f.timing = false
	return stopped
}

// live reports whether f still wants answers.
func (f *flight) live() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.over
}

// answer puts scores where they belong, unless f is over. It reports whether f
// has ended by that; the caller then calls finish.
func (f *flight) answer(at int, scores []byte) (ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	vectors := len(scores) / 4
	wire.CopyScores(f.dst[at:at+vectors], scores)
	f.missing -= vectors
	return f.missing == 0 && f.decide(nil)
}

// end ends f with err, unless its end is decided already, and makes writes
// under way let go of its rows. No lock of a link is held.
func (f *flight) end(err error) {
	f.mu.Lock()
	ended := f.decide(err)
	readers := slices.Clone(f.readers)
	f.mu.Unlock()
	for _, l := range readers {
		l.interrupt()
	}
	if ended {
		f.finish()
	}
}

// decide fixes how f ends; the first decision stands. mu is held.
func (f *flight) decide(err error) (ended bool) {
	if f.over {
		return false
	}
	f.over, f.err = true, err
	return len(f.readers) == 0
}

// release takes back one request of f that l had in a write by reference.
func (f *flight) release(l *link) {
	f.mu.Lock()
	at := slices.Index(f.readers, l)
	f.readers = slices.Delete(f.readers, at, at+1)
	ended := f.over && len(f.readers) == 0
	f.mu.Unlock()
	if ended {
		f.finish()
	}
}

// unbegin takes back that a request of f was begun.
func (f *flight) unbegin() {
	f.mu.Lock()
	f.begun--
	f.mu.Unlock()
}

// finish tells the caller that f has ended. No lock of f is held. The caller
// may use the Call again as soon as finished has been sent, so that is last.
func (f *flight) finish() {
	c := f.client
	if f.done != nil {
		select {
		case f.done <- f.call:
		default:
			panic("client: Done has no room for a call that has ended")
		}
	}
	f.finished <- struct{}{}
	c.wakeClose()
}
