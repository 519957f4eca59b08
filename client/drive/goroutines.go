package drive

import (
	"context"
	"errors"
	"io"
	"net"
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
	ctx   context.Context // ends with the run
	bells []chan struct{} // one for each lane: wakes its writer when the lane is ready
	turns []int           // for each lane, how many of its connections have ended
	wakes chan struct{}   // wakes watch when the crew may be done
	ended bool
	err   error // the first error
}

// driveGoroutines drives c until it is done.
func driveGoroutines(c *crew) error {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	g := &gang{crew: c, ctx: ctx, wakes: make(chan struct{}, 1), turns: make([]int, len(c.lanes))}
	c.hangUp = func(i int) { c.conns[i].Close() }
	c.halfClose = func(i int) { _ = c.conns[i].(interface{ CloseWrite() error }).CloseWrite() } // may have ended
	var readers, writers sync.WaitGroup
	for range c.lanes {
		g.bells = append(g.bells, make(chan struct{}, 1))
	}
	for i := range c.lanes {
		writers.Go(func() { g.write(i) })
		readers.Go(func() { g.read(i) })
	}
	g.watch()
	end()
	g.closeAll()
	readers.Wait()
	for _, bell := range g.bells {
		close(bell)
	}
	writers.Wait()
	return g.err
}

func (g *gang) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, conn := range g.conns {
		conn.Close()
	}
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

// read reads from the connections of a lane, one after the other.
func (g *gang) read(i int) {
	conn, buf := g.conns[i], make([]byte, portableReadBytes)
	for conn != nil {
		n, err := conn.Read(buf)
		goOn, remake := g.took(i, buf[:n], err)
		if remake {
			conn.Close()
			conn = g.rejoin(i)
		} else if !goOn {
			return
		}
	}
}

// portableReadBytes is the most that one read takes.
const portableReadBytes = 64 << 10

// took gives the lane what a read has returned. It reports whether to read on, and whether
// that needs another connection.
func (g *gang) took(i int, b []byte, cause error) (goOn, remake bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return false, false
	}
	if len(b) > 0 {
		g.fail(g.input(i, b, g.now()))
	}
	if cause != nil {
		remake = g.lose(i, cause)
	}
	if g.lanes[i].ready() {
		chime(g.bells[i])
	}
	if g.unfinished == 0 || g.held {
		chime(g.wakes)
	}
	return cause == nil && g.err == nil, remake && g.err == nil
}

// lose tells the crew that a connection has ended. mu is held.
func (g *gang) lose(i int, cause error) (remake bool) {
	if cause == io.EOF {
		cause = nil
	} else {
		cause = bare(cause)
	}
	g.turns[i]++
	remake, err := g.lost(i, cause)
	g.fail(err)
	return remake
}

// rejoin connects a lane again. It returns the connection to read from, or nil if the run has
// ended.
func (g *gang) rejoin(i int) net.Conn {
	conn, err := g.remake(g.ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.fail(g.failed(i, err))
	}
	if conn == nil {
		return nil
	}
	if g.ended {
		conn.Close()
		return nil
	}
	g.conns[i] = conn
	g.remade(i, g.now())
	chime(g.wakes)
	return conn
}

func (g *gang) write(i int) {
	for range g.bells[i] {
		for b, conn, turn := g.next(i); len(b) > 0; b, conn, turn = g.next(i) {
			n, err := conn.Write(b)
			g.wrote(i, turn, n, err)
		}
	}
}

// next waits for bytes to write and returns them, with the connection to write to and its
// turn. The write may block on the socket.
func (g *gang) next(i int) (b []byte, conn net.Conn, turn int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b = g.lanes[i].output(g.now())
	if len(b) > 0 {
		g.lanes[i].blocked()
	}
	return b, g.conns[i], g.turns[i]
}

// wrote is called after a write. It does not report a failed write: the next read fails
// too and has the reason. The connection may have ended meanwhile.
func (g *gang) wrote(i, turn, n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if turn != g.turns[i] {
		return
	}
	l := &g.lanes[i]
	l.wrote(n, g.now())
	if err != nil {
		l.shut()
	}
	if l.leaving {
		g.depart(i)
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
