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

// gang drives a crew with three kinds of goroutines: a reader and a writer for
// each connection, and one that watches the clock. They take turns under mu.
type gang struct {
	mu sync.Mutex
	*crew
	bells []chan struct{} // ring when a lane is ready
	wakes chan struct{}   // rings when the crew may be done
	ended bool
	err   error // the first
}

// driveGoroutines works on c until it is done.
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

// watch does what the clock asks for until the crew is done.
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

// fail keeps the first error. mu is held.
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

// portableReadBytes is one read of one connection at most.
const portableReadBytes = 64 << 10

// took hands on what a read returned, and says whether to read on.
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

// next returns what to write next. The write may wait for the socket.
func (g *gang) next(i int) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.lanes[i].output(g.now())
	if len(b) > 0 {
		g.lanes[i].blocked()
	}
	return b
}

// wrote ends a write. If it failed, the read that fails too has the reason.
func (g *gang) wrote(i, n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lanes[i].wrote(n, g.now())
	if err != nil {
		g.lanes[i].shut()
	}
}

// chime rings a bell that may be ringing already.
func chime(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// bare leaves out of err all but the system's reason.
func bare(err error) error {
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Err
	}
	return err
}
