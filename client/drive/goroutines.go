package drive

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"time"
)

// portable drives connections with package net.
var portable = driver{work: driveGoroutines, threads: runtime.GOMAXPROCS(0), measured: true}

// gang drives a crew with goroutines: a reader and a writer for each connection, and one
// that watches the clock. mu guards the crew.
type gang struct {
	mu sync.Mutex
	*crew
	bells []chan struct{} // one for each lane: wakes its writer when the lane is ready
	wakes chan struct{}   // wakes watch when the crew may be done
	ended bool
	err   error // the first error
}

// driveGoroutines drives c until it is done.
func driveGoroutines(c *crew) error {
	g := &gang{crew: c, wakes: make(chan struct{}, 1)}
	var readers, writers sync.WaitGroup
	for range c.lanes {
		g.bells = append(g.bells, make(chan struct{}, 1))
	}
	for i := range c.lanes {
		writers.Go(func() { g.write(i) })
		readers.Go(func() { g.read(i) })
	}
	g.watch()
	for _, conn := range c.conns {
		conn.Close()
	}
	readers.Wait()
	for _, bell := range g.bells {
		close(bell)
	}
	writers.Wait()
	return g.err
}

// watch does all that must happen at a given time, until the crew is done.
func (g *gang) watch() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		sleep, done := g.round()
		if done {
			return
		}
		timer.Reset(sleep)
		select {
		case <-timer.C:
		case <-g.wakes:
		}
	}
}

func (g *gang) round() (sleep time.Duration, done bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.pump(now)
	for _, i := range g.untouch() {
		chime(g.bells[i])
	}
	g.fail(g.tend(now))
	g.ended = g.err != nil || g.done()
	return time.Duration(g.wake(now, 0) - now), g.ended
}

// fail records err if it is the first error. mu is held.
func (g *gang) fail(err error) {
	if err != nil && g.err == nil {
		g.err = err
		chime(g.wakes)
	}
}

func (g *gang) read(i int) {
	buf := make([]byte, portableReadBytes)
	for {
		n, err := g.conns[i].Read(buf)
		if !g.took(i, buf[:n], err) {
			return
		}
	}
}

// portableReadBytes is the most that one read takes.
const portableReadBytes = 64 << 10

// took gives the lane what a read has returned. It reports whether to read on.
func (g *gang) took(i int, b []byte, cause error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return false
	}
	if len(b) > 0 {
		g.fail(g.input(i, b, g.now()))
	}
	if cause == io.EOF {
		g.fail(g.lost(i, nil))
	} else if cause != nil {
		g.fail(g.lost(i, bare(cause)))
	}
	if g.lanes[i].ready() {
		chime(g.bells[i])
	}
	if g.unfinished == 0 || g.held {
		chime(g.wakes)
	}
	return cause == nil && g.err == nil
}

func (g *gang) write(i int) {
	for range g.bells[i] {
		for b := g.next(i); len(b) > 0; b = g.next(i) {
			n, err := g.conns[i].Write(b)
			g.wrote(i, n, err)
		}
	}
}

// next waits for bytes to write and returns them. The write may block on the socket.
func (g *gang) next(i int) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.lanes[i].output(g.now())
	if len(b) > 0 {
		g.lanes[i].blocked()
	}
	return b
}

// wrote is called after a write. It does not report a failed write: the next read fails
// too and has the reason.
func (g *gang) wrote(i, n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lanes[i].wrote(n, g.now())
	if err != nil {
		g.lanes[i].shut()
	}
}

// chime wakes the goroutine that waits for bell, now or when it next waits.
func chime(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// bare returns the system's reason within err, without the addresses around it.
func bare(err error) error {
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Err
	}
	return err
}
