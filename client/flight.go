package client

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/disrust/disrust/wire"
)

// flight is the state of one call in flight, from Start until it has ended.
// Requests refer to the flight and not to the Call, because a request may outlive
// its call. When a flight has succeeded, no request refers to it any more, and the
// Call uses it again. When it has failed, or its timer has fired, it is left to the
// garbage collector.
//
// Invariant: the Client reads the rows and writes dst only before over is set.
// There is one exception: a write in progress on one of readers may still read the
// rows. The flight has ended when over is set and readers is empty; then the caller
// is told.
type flight struct {
	client   *Client
	call     *Call
	done     chan *Call
	finished chan struct{} // receives once, at the end; has room for one

	mu      sync.Mutex
	payload payload
	dst     []float32
	missing int     // scores that have not arrived
	begun   int     // requests in a write, or written at least in part
	readers []*link // one element for each request that is being written by reference
	over    bool    // the result is decided, and err holds it
	err     error   // does not change once over is set
	timer   *time.Timer
	timing  bool // timer runs or has fired
}

func newFlight() *flight { return &flight{finished: make(chan struct{}, 1)} }

// startTimer starts a timer that abandons f after timeout; 0 means never.
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

// stopTimer stops the timer. It returns false if the timer has already fired; then
// f must not be used again. mu is held.
func (f *flight) stopTimer() (stopped bool) {
	stopped = !f.timing || f.timer.Stop()
	f.timing = false
	return stopped
}

// live reports whether f still waits for answers.
func (f *flight) live() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.over
}

// answer copies scores into dst from dst[at] on, unless f is over. It reports whether f
// has ended; if so, the caller must call finish.
func (f *flight) answer(at int, scores []byte) (ended bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	count := len(scores) / 4
	wire.CopyScores(f.dst[at:at+count], scores)
	f.missing -= count
	return f.missing == 0 && f.decide(nil)
}

// end ends f with err, unless its result is already decided. It interrupts the
// writes that read f's rows. The caller must not hold the lock of a link.
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

// decide fixes the result of f; only the first decision counts. It reports whether
// f has ended. mu is held.
func (f *flight) decide(err error) (ended bool) {
	if f.over {
		return false
	}
	f.over, f.err = true, err
	return len(f.readers) == 0
}

// release records that l no longer reads the rows of one request of f.
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

// unbegin records that a write ended before it began one request of f.
func (f *flight) unbegin() {
	f.mu.Lock()
	f.begun--
	f.mu.Unlock()
}

// finish tells the caller that f has ended. f.mu is not held. The caller may use the
// Call again as soon as it has received from finished, so finish sends there last.
func (f *flight) finish() {
	c := f.client
	if f.done != nil {
		select {
		case f.done <- f.call:
		default:
			panic("client: the channel Done has no room for a call that has ended")
		}
	}
	f.finished <- struct{}{}
	c.wakeClose()
}
