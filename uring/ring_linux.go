package uring

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring is one io_uring. It belongs to the thread that made it.
//
// The words behind the pointers are shared with the kernel. The kernel writes
// sqHead, sqFlags and cqTail; this package writes sqTail and cqHead.
type Ring struct {
	// Submission.
	sqes   []SQE
	sqTail *atomic.Uint32 // end of the entries that the kernel may take
	sqHead *atomic.Uint32 // end of the entries that the kernel has taken
	next   uint32         // end of the entries that Next has handed out
	sqMask uint32

	// Completion.
	cqes    []CQE
	cqTail  *atomic.Uint32 // end of the completions that the kernel has written
	cqHead  *atomic.Uint32 // end of the completions that Copy has taken
	sqFlags *atomic.Uint32

	// Arguments of io_uring_enter.
	enterFD    int    // fd, or its index among this thread's registered rings
	enterFlags uint32 // enterRegisteredRing if enterFD is an index
	waitFlags  uint32 // flags of calls that may block: enterNoIOWait if the kernel has it
	scratch    *scratch
	timespecs  []Timespec // one for each SQE

	// Cold.
	fd       int
	thread   int // the number of the thread that made the ring
	flags    uint32
	features uint32
	rings    mapping // both queues
	entries  mapping // sqes
	private  mapping // scratch and timespecs
}

// scratch holds the arguments of a wait in mapped memory, where the kernel can read
// them.
type scratch struct {
	arg     getEventsArg
	timeout Timespec
}

// New makes a ring for the calling thread, with the best flags that this kernel
// has. Call runtime.LockOSThread first.
//
// The ring's memory is mapped outside the Go heap and touched here: 64 + 16 bytes
// per submission slot, 16 bytes per completion slot. On failure nothing stays open.
// A [*BlockedError] says that io_uring is forbidden here, an [*UnsupportedError]
// that the kernel is older than 5.19. A seccomp filter may forbid io_uring_enter or
// io_uring_register alone; New does not notice that, and the first use of the call
// returns the error. [Check] uses both.
func New(cfg Config) (*Ring, error) { return linux.open(cfg) }

func (k kernel) open(cfg Config) (*Ring, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	fd, p, err := k.create(cfg)
	if err != nil {
		return nil, err
	}
	r := &Ring{fd: fd, enterFD: fd, thread: unix.Gettid(), flags: p.flags, features: p.features, waitFlags: waitFlags(p.features)}
	if err = checkFeatures(p.features); err == nil {
		err = r.mapMemory(p)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	r.registerFD()
	return r, nil
}

// mapMemory maps the queues and sets the ring's pointers into them. One mapping
// holds both queues: checkFeatures has made sure of it (FeatSingleMmap).
func (r *Ring) mapMemory(p *params) error {
	queuesBytes := max(
		uintptr(p.sq.array)+uintptr(p.sqEntries)*4,
		uintptr(p.cq.cqes)+uintptr(p.cqEntries)*unsafe.Sizeof(CQE{}))
	var err error
	if r.rings, err = mapShared(r.fd, offsetRings, queuesBytes); err != nil {
		return err
	}
	if r.entries, err = mapShared(r.fd, offsetSQEs, uintptr(p.sqEntries)*unsafe.Sizeof(SQE{})); err != nil {
		return err
	}
	if r.private, err = mapPrivate(unsafe.Sizeof(scratch{}) + uintptr(p.sqEntries)*unsafe.Sizeof(Timespec{})); err != nil {
		return err
	}
	r.point(p)
	return nil
}

func (r *Ring) point(p *params) {
	r.sqes = unsafe.Slice((*SQE)(r.entries.at(0)), p.sqEntries)
	r.sqMask = p.sqEntries - 1
	r.sqTail = (*atomic.Uint32)(r.rings.at(p.sq.tail))
	r.sqHead = (*atomic.Uint32)(r.rings.at(p.sq.head))
	r.sqFlags = (*atomic.Uint32)(r.rings.at(p.sq.flags))
	if p.flags&SetupNoSQArray == 0 {
		array := unsafe.Slice((*uint32)(r.rings.at(p.sq.array)), p.sqEntries)
		for i := range array {
			array[i] = uint32(i)
		}
	}
	r.cqes = unsafe.Slice((*CQE)(r.rings.at(p.cq.cqes)), p.cqEntries)
	r.cqTail = (*atomic.Uint32)(r.rings.at(p.cq.tail))
	r.cqHead = (*atomic.Uint32)(r.rings.at(p.cq.head))

	r.scratch = (*scratch)(r.private.at(0))
	r.scratch.arg.timespec = address(unsafe.Pointer(&r.scratch.timeout))
	r.timespecs = unsafe.Slice((*Timespec)(r.private.at(uint32(unsafe.Sizeof(scratch{})))), p.sqEntries)
}

// registerFD registers the ring's descriptor. That saves each io_uring_enter the
// look-up of the descriptor, and two atomic operations in a process of many threads.
// Linux 5.18. The ring also works if the kernel refuses.
//
// A thread has 16 registered descriptors (IO_RINGFD_REG_MAX), each thread its own.
// The ring prefers an index that follows from its descriptor, so that a thread which
// uses another thread's ring by mistake gets an error, and not a ring of its own.
func (r *Ring) registerFD() {
	const most = 16
	for _, index := range [...]uint32{uint32(r.fd) % most, math.MaxUint32} { // the latter: any that is free
		update := ringFD{offset: index, fd: uint64(r.fd)}
		if sysRegister(r.fd, registerRingFDs, unsafe.Pointer(&update), 1) == 0 {
			r.enterFD, r.enterFlags = int(update.offset), enterRegisteredRing
			return
		}
	}
}

// Close gives the ring back to the kernel. The thread that owns the ring calls it;
// a second call does nothing. After Close, Next and the three Submit methods return
// EBADF, Pending returns false and Copy takes nothing. SQEs handed out before must
// not be touched.
//
// On another thread, Close closes the descriptor and unmaps the memory. But the
// kernel keeps the ring, the operations in flight and the files that they use until
// the owner's thread ends.
//
// The kernel cancels the operations still in flight, some of them only after Close
// has returned. The memory of an operation whose last completion the caller has not
// seen still belongs to the kernel. To use that memory again, cancel the operation
// and wait for its last completion before Close.
func (r *Ring) Close() error {
	if r.fd < 0 {
		return nil
	}
	if r.enterFlags != 0 && r.thread == unix.Gettid() { // another thread may have its own ring there
		update := ringFD{offset: uint32(r.enterFD)}
		sysRegister(r.fd, unregisterRingFDs, unsafe.Pointer(&update), 1)
	}
	err := unix.Close(r.fd)
	r.private.unmap()
	r.entries.unmap()
	r.rings.unmap()
	idle := new(atomic.Uint32)
	*r = Ring{fd: -1, enterFD: -1, sqTail: idle, sqHead: idle, sqFlags: idle, cqTail: idle, cqHead: idle}
	if err != nil {
		return fmt.Errorf("uring: close: %w", err)
	}
	return nil
}

// Flags returns the set-up flags that New chose.
func (r *Ring) Flags() uint32 { return r.flags }

// Features returns the features of the kernel.
func (r *Ring) Features() uint32 { return r.features }

// String returns the sizes of the queues and the set-up that New chose, for a log
// line.
func (r *Ring) String() string {
	names := []struct {
		flag uint32
		name string
	}{
		{SetupSingleIssuer, "single-issuer"},
		{SetupDeferTaskrun, "defer-taskrun"},
		{SetupCoopTaskrun, "coop-taskrun"},
		{SetupNoSQArray, "no-sqarray"},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "io_uring %d/%d", len(r.sqes), len(r.cqes))
	for _, n := range names {
		if r.flags&n.flag != 0 {
			b.WriteString(" " + n.name)
		}
	}
	if r.enterFlags != 0 {
		b.WriteString(" registered-fd")
	}
	return b.String()
}
