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
	// spareDescriptors is how many descriptors the table has room for in addition to those of
	// connections.
	spareDescriptors = 256

	// eventsPerConn is how many events a connection can have in one turn: of a receive, of a
	// send and of the rest of a send.
	eventsPerConn = 3

	// maxReady is how many descriptors a turn takes from epoll at a time. It is also the most
	// that a turn serves before it polls epoll, and again the most that it serves afterwards.
	maxReady = 256

	// enoughEvents is how many events make a turn return without polling epoll for more.
	enoughEvents = 16
)

// Backend implements [netio.Backend]. It belongs to one thread.
type Backend struct {
	sockets.Sockets

	epoll  int
	table  []descriptor // by descriptor number
	ready  queue        // descriptors on which an operation can go on
	events []netio.Event
	found  []unix.EpollEvent
	err    error // ends the turn

	polled bool // epoll was polled since the last turn
	coarse bool // the kernel has no epoll_pwait2

	memory       []byte // receive buffers
	receiveBytes int    // the size of each
	free         uint64 // one bit per free buffer
	discard      []byte // the kernel may write dropped input here

	start      time.Time // of the backend's clock
	deadline   time.Duration
	tickKey    uint64
	ticking    bool
	clockPolls int // polls of the ready queue until the next reading of the clock
}

var _ netio.Backend = (*Backend)(nil)

// New makes a backend and its receive buffers.
func New(cfg netio.Config) (*Backend, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	size := cfg.Conns + spareDescriptors
	return &Backend{
		epoll:        fd,
		table:        make([]descriptor, size),
		ready:        newQueue(size),
		events:       make([]netio.Event, 0, eventsPerConn*size),
		found:        make([]unix.EpollEvent, maxReady),
		memory:       make([]byte, netio.ReceiveBuffers*cfg.ReceiveBytes),
		receiveBytes: cfg.ReceiveBytes,
		free:         allFree,
		discard:      make([]byte, netio.ReceiveBytes),
		start:        time.Now(),
	}, nil
}

// Footprint returns the bytes that a backend for conns connections takes in addition to its
// receive buffers. The backend touches only the part that its connections need.
func Footprint(conns int) uint64 {
	const (
		each  = unsafe.Sizeof(descriptor{}) + unsafe.Sizeof(int32(0)) + eventsPerConn*unsafe.Sizeof(netio.Event{})
		fixed = netio.ReceiveBytes + maxReady*unsafe.Sizeof(unix.EpollEvent{})
	)
	return uint64(conns+spareDescriptors)*uint64(each) + uint64(fixed)
}

// Busy implements [netio.Backend]. This backend never retries a call for lack of memory.
func (b *Backend) Busy() uint64 { return 0 }

// Free implements [netio.Backend].
func (b *Backend) Free() error {
	if b.err != nil {
		sockets.CloseAccepted(b.events) // the turn that failed has not returned them
	}
	return unix.Close(b.epoll)
}
