//go:build linux

package epollio

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/sockets"
	"golang.org/x/sys/unix"
)

const (
	// spareDescriptors is how many descriptors the table has room for beside those
	// of connections.
	spareDescriptors = 256

	// eventsEach is how many events a connection can have in one turn: of a
	// receive, a send and the rest of a send.
	eventsEach = 3

	// mostReady is how many descriptors a turn takes from epoll, and how many it
	// serves before and after that.
	mostReady = 256

	// plenty is how many events of descriptors that were ready already let a turn
	// do without asking epoll for more.
	plenty = 16
)

// Config sizes a backend.
type Config struct {
	Conns int // connections of the whole process, which has as many descriptors
}

// Backend implements [netio.Backend]. It belongs to one thread.
type Backend struct {
	sockets.Sockets

	epoll  int
	table  []descriptor // by number
	ready  queue        // descriptors on which an operation can go on
	events []netio.Event
	found  []unix.EpollEvent
	err    error // ends the turn

	looked bool // epoll was asked since the last turn
	coarse bool // the kernel has no epoll_pwait2

	memory  []byte // receive buffers
	free    uint64 // a bit each
	discard []byte // where input that is dropped may be written

	start    time.Time // of the backend's clock
	deadline time.Duration
	tickKey  uint64
	ticking  bool
	unlooked int // looks at the queue since the last look at the clock
}

var _ netio.Backend = (*Backend)(nil)

// New makes a backend and its receive buffers.
func New(cfg Config) (*Backend, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	size := cfg.Conns + spareDescriptors
	return &Backend{
		epoll:   fd,
		table:   make([]descriptor, size),
		ready:   newQueue(size),
		events:  make([]netio.Event, 0, eventsEach*size),
		found:   make([]unix.EpollEvent, mostReady),
		memory:  make([]byte, netio.ReceiveBuffers*netio.ReceiveBytes),
		free:    allFree,
		discard: make([]byte, netio.ReceiveBytes),
		start:   time.Now(),
	}, nil
}

// Footprint is the bytes that a backend for so many connections takes beside its
// receive buffers. Of what it has for connections, it touches only what those need
// that it serves.
func Footprint(conns int) uint64 {
	const (
		each  = unsafe.Sizeof(descriptor{}) + unsafe.Sizeof(int32(0)) + eventsEach*unsafe.Sizeof(netio.Event{})
		fixed = netio.ReceiveBytes + mostReady*unsafe.Sizeof(unix.EpollEvent{})
	)
	return uint64(conns+spareDescriptors)*uint64(each) + uint64(fixed)
}

// Busy implements [netio.Backend]. No call of this backend is ever put off for
// want of memory.
func (b *Backend) Busy() uint64 { return 0 }

// Free implements [netio.Backend].
func (b *Backend) Free() error { return unix.Close(b.epoll) }
