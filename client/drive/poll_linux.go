package drive

import (
	"context"
	"net"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	readBytes  = 256 << 10 // the most that one read takes
	pollEvents = 256       // the most events that one wait returns
	// spinNanos is how long before a request falls due a thread polls instead of
	// sleeping. Waking a halted processor takes 30 to 100 us.
	spinNanos = 100_000
)

// preferred is the driver for this system.
var preferred = driver{work: drivePolling, threads: max(1, runtime.GOMAXPROCS(0)/2)}

// poller drives a crew from one thread. It waits for events on nonblocking sockets, and
// makes one read and one write for each event. It reads on while a write waits for room
// in a socket.
type poller struct {
	*crew
	epoll  int
	fds    []int
	armed  []bool // for each socket, whether epoll reports room to write
	buf    []byte
	events [pollEvents]unix.EpollEvent

	remaking
}

// remaking is the connections that goroutines remake, so that the poller never blocks.
type remaking struct {
	ctx    context.Context // ends with the run
	cancel context.CancelFunc
	busy   sync.WaitGroup
	mu     sync.Mutex
	stands []standing // guarded by mu
}

// standing is a connection that stands again, and its lane; or why it never will.
type standing struct {
	lane int
	conn net.Conn
	err  error
}

// drivePolling drives c until it is done. Its thread ends with it, because the thread has
// another timer slack.
func drivePolling(c *crew) error {
	runtime.LockOSThread()
	before := delayed()
	defer func() { c.meter.delayed.Store(delayed() - before) }()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // may fail: polling covers the default slack
	p := &poller{crew: c, epoll: -1, buf: make([]byte, readBytes)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	c.hangUp = func(i int) { _ = unix.Shutdown(p.fds[i], unix.SHUT_RDWR) }  // may have ended
	c.halfClose = func(i int) { _ = unix.Shutdown(p.fds[i], unix.SHUT_WR) } // likewise
	defer p.close()
	if err := p.setUp(); err != nil {
		return err
	}
	for !p.done() {
		if err := p.round(); err != nil {
			return err
		}
	}
	return nil
}

// round does what is due by now, waits, and serves the sockets that are ready.
func (p *poller) round() error {
	if p.down > 0 {
		if err := p.rejoin(); err != nil {
			return err
		}
	}
	now := p.now()
	p.pump(now)
	late := p.untouch()
	for _, i := range late {
		p.flush(i, p.now())
	}
	if err := p.tend(now); err != nil || p.done() {
		return err
	}
	if len(late) > 0 {
		now = p.now()
	}
	n, err := p.wait(now)
	if err != nil {
		return err
	}
	for k := range n {
		if err := p.serve(&p.events[k]); err != nil {
			return err
		}
	}
	return nil
}

// setUp takes the sockets over from package net.
func (p *poller) setUp() error {
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	p.armed = make([]bool, len(p.lanes))
	for i, conn := range p.conns {
		fd, err := adopt(conn)
		if err != nil {
			return p.failed(i, err)
		}
		p.fds = append(p.fds, fd)
		if err := p.watch(unix.EPOLL_CTL_ADD, i, unix.EPOLLIN); err != nil {
			return p.failed(i, err)
		}
	}
	return nil
}

// rejoin takes over the sockets that stand again.
func (p *poller) rejoin() error {
	p.mu.Lock()
	stands := p.stands
	p.stands = nil
	p.mu.Unlock()
	for k, s := range stands {
		fd, err := noSocket, s.err
		if err == nil {
			fd, err = adopt(s.conn)
		}
		if err != nil {
			closeAll(stands[k:])
			return p.failed(s.lane, err)
		}
		p.fds[s.lane] = fd
		if err := p.watch(unix.EPOLL_CTL_ADD, s.lane, unix.EPOLLIN); err != nil {
			closeAll(stands[k+1:])
			return p.failed(s.lane, err)
		}
		p.remade(s.lane, p.now())
	}
	return nil
}

// wait sleeps until sockets are ready or something is due. If a request falls due too
// soon to sleep, it polls instead.
func (p *poller) wait(now int64) (int, error) {
	n, errno := epollWait(p.epoll, p.events[:], p.wake(now, spinNanos)-now)
	p.meter.waited.Add(p.now() - now)
	if errno == unix.EINTR {
		return 0, nil
	}
	if errno != 0 {
		return 0, errno
	}
	return n, nil
}

// serve handles one event of one connection.
func (p *poller) serve(e *unix.EpollEvent) error {
	i := int(e.Fd)
	if e.Events&^unix.EPOLLOUT == 0 {
		p.flush(i, p.now())
		return nil
	}
	n, errno := receive(p.fds[i], p.buf)
	now := p.now()
	switch {
	case n > 0:
		if err := p.input(i, p.buf[:n], now); err != nil {
			return err
		}
	case errno == 0:
		return p.ended(i, nil)
	case errno != unix.EAGAIN && errno != unix.EINTR:
		return p.ended(i, errno)
	}
	p.flush(i, now)
	return nil
}

// ended stops watching a connection that has ended, and has it remade if the run goes on
// with another. It returns an error if the connection ended too early.
func (p *poller) ended(i int, cause error) error {
	remake, err := p.lost(i, cause)
	if err != nil {
		return err
	}
	if err := p.watch(unix.EPOLL_CTL_DEL, i, 0); err != nil || !remake {
		return err
	}
	unix.Close(p.fds[i])
	p.fds[i], p.armed[i] = noSocket, false
	p.busy.Go(func() {
		if conn, err := p.remake(p.ctx); conn != nil || err != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.stands = append(p.stands, standing{i, conn, err})
		}
	})
	return nil
}

// noSocket is in place of a socket that is being remade.
const noSocket = -1

// flush writes what the i-th lane has until its socket takes no more; then it has epoll
// watch the socket for room. It does not report a write that fails: answers may still
// have to be read, and after them the read fails too.
func (p *poller) flush(i int, now int64) {
	l := &p.lanes[i]
	for ready := l.ready(); ready; {
		b := l.output(now)
		n, errno := send(p.fds[i], b)
		if errno != 0 && errno != unix.EAGAIN && errno != unix.EINTR {
			l.shut()
			return
		}
		l.wrote(n, now)
		if n < len(b) {
			l.blocked()
			p.arm(i, true)
			return
		}
		if ready = l.ready(); ready {
			now = p.now()
		}
	}
	p.arm(i, false)
	if l.leaving {
		p.depart(i)
	}
}

// arm starts or stops watching the i-th socket for room to write.
func (p *poller) arm(i int, armed bool) {
	if p.armed[i] == armed {
		return
	}
	p.armed[i] = armed
	events := uint32(unix.EPOLLIN)
	if armed {
		events |= unix.EPOLLOUT
	}
	_ = p.watch(unix.EPOLL_CTL_MOD, i, events) // the socket is registered: nothing can fail
}

func (p *poller) watch(op, i int, events uint32) error {
	return unix.EpollCtl(p.epoll, op, p.fds[i], &unix.EpollEvent{Events: events, Fd: int32(i)})
}

func (p *poller) close() {
	p.cancel()
	p.busy.Wait()
	closeAll(p.stands)
	for _, fd := range p.fds {
		if fd != noSocket {
			unix.Close(fd)
		}
	}
	for _, conn := range p.conns[len(p.fds):] {
		conn.Close()
	}
	unix.Close(p.epoll)
}

func closeAll(stands []standing) {
	for _, s := range stands {
		if s.conn != nil {
			s.conn.Close()
		}
	}
}
