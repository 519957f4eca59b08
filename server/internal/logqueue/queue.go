// Package logqueue keeps threads that log from waiting for whatever reads the log.
//
// A pipe that nobody reads, or an [slog.Handler] that blocks, holds up the goroutine that
// writes to it. A [Queue] gives the lines to a goroutine of its own and holds a bounded
// number of them. When it is full, it loses lines, counts them, and says how many it lost
// where they would have stood.
package logqueue

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// capacity is how many lines wait at most, in addition to the one that is being written.
	capacity = 256

	// flushTimeout bounds Flush. A reader that reads takes the lines in much less time.
	flushTimeout = time.Second
)

// Queue writes lines in the order in which they were logged. Any goroutine may log, and none
// waits for the writer. The goroutine that writes lives only while there are lines.
//
// A writer that blocks for ever keeps that goroutine, at most one per Queue, and the lines
// that wait for it: no program can end a goroutine that is held up elsewhere.
type Queue struct {
	sayLost func(lines string)

	mu      sync.Mutex
	waiting []line        // oldest first
	written chan struct{} // closed when all lines are written; nil: they are
	lost    uint64        // lost after the last line of waiting
	total   uint64        // lost since New
}

// line is one that waits.
type line struct {
	lost  uint64 // lines lost just before this one
	write func() // nil: there is no line, only the loss
}

// New returns an empty Queue. sayLost writes the text that says how many lines were lost,
// such as "12 lines lost". The Queue calls it as it writes lines: one at a time.
func New(sayLost func(lines string)) *Queue { return &Queue{sayLost: sayLost} }

// Lost returns how many lines the queue has lost.
func (q *Queue) Lost() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

// Flush waits until all lines are written, but at most for a second.
func (q *Queue) Flush() {
	q.mu.Lock()
	written := q.written
	q.mu.Unlock()
	if written == nil {
		return
	}
	select {
	case <-written:
	case <-time.After(flushTimeout):
	}
}

// put queues a line, or counts it as lost.
func (q *Queue) put(write func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == capacity {
		q.lost++
		q.total++
		return
	}
	q.waiting = append(q.waiting, line{q.lost, write})
	q.lost = 0
	if q.written == nil {
		q.written = make(chan struct{})
		go q.write()
	}
}

// write writes lines until none waits.
func (q *Queue) write() {
	for l, ok := q.next(); ok; l, ok = q.next() {
		switch {
		case l.lost == 1:
			q.sayLost("1 line lost")
		case l.lost > 1:
			q.sayLost(fmt.Sprint(l.lost, " lines lost"))
		}
		if l.write != nil {
			l.write()
		}
	}
}

// next takes the oldest line. If there is none, the goroutine that writes ends.
func (q *Queue) next() (l line, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.waiting) > 0:
		l, q.waiting = q.waiting[0], q.waiting[1:]
	case q.lost > 0:
		l, q.lost = line{lost: q.lost}, 0
	default:
		close(q.written)
		q.written, q.waiting = nil, nil
		return line{}, false
	}
	return l, true
}

// Writer returns a writer whose Write queues what it is given as one line for to. Write never
// fails: an error of to is dropped.
func (q *Queue) Writer(to io.Writer) io.Writer { return writer{q, to} }

type writer struct {
	queue *Queue
	to    io.Writer
}

func (w writer) Write(b []byte) (int, error) {
	text := append([]byte(nil), b...)
	w.queue.put(func() { w.to.Write(text) })
	return len(b), nil
}
