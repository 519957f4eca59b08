//go:build giouring && linux

package oracle

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/disrust/disrust/uring"
	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

const (
	ringEntries = 8
	group       = 3
	buffers     = 4
	bufferSize  = 16
)

// ring is what the scenarios need from each of the two bindings.
type ring interface {
	// submit prepares the operation called name with the arguments and submits it.
	submit(t *testing.T, name string, a arguments, userData uint64)
	// wait submits all entries, waits for count completions and takes them.
	wait(t *testing.T, count int) []uring.CQE
	// provide lends buffers to the kernel.
	provide(t *testing.T)
	// received returns the contents of the buffer that c names, and recycles it.
	received(c uring.CQE) string
}

type ourRing struct {
	ring    *uring.Ring
	buffers *uring.BufRing
}

func newOurs(t *testing.T) ring {
	r, err := uring.New(uring.Config{Entries: ringEntries})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &ourRing{ring: r}
}

func (r *ourRing) submit(t *testing.T, name string, a arguments, userData uint64) {
	s, err := r.ring.Next()
	if err != nil {
		t.Fatal(err)
	}
	preparations[name].ours(s, a)
	s.UserData = userData
	if _, err := r.ring.Submit(); err != nil {
		t.Fatal(err)
	}
}

func (r *ourRing) wait(t *testing.T, count int) []uring.CQE {
	if _, err := r.ring.SubmitAndWait(uint32(count), -1); err != nil {
		t.Fatal(err)
	}
	got := make([]uring.CQE, count)
	return got[:r.ring.Copy(got)]
}

func (r *ourRing) provide(t *testing.T) {
	var err error
	if r.buffers, err = r.ring.NewBufRing(group, buffers, bufferSize); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.buffers.Close() })
}

func (r *ourRing) received(c uring.CQE) string {
	id, _ := c.BufferID()
	text := string(r.buffers.Bytes(id, int(c.Res)))
	r.buffers.Recycle(id)
	r.buffers.Publish()
	return text
}

type theirRing struct {
	ring   *giouring.Ring
	ids    *giouring.BufAndRing
	memory []byte
}

func newTheirs(t *testing.T) ring {
	r := giouring.NewRing()
	if err := r.QueueInit(ringEntries, giouring.SetupSubmitAll); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.QueueExit)
	return &theirRing{ring: r}
}

func (r *theirRing) submit(t *testing.T, name string, a arguments, userData uint64) {
	s := r.ring.GetSQE()
	if s == nil {
		t.Fatal("giouring: the queue is full")
	}
	*s = giouring.SubmissionQueueEntry{}
	preparations[name].theirs(s, a)
	s.SetData64(userData)
	if _, err := r.ring.Submit(); err != nil {
		t.Fatal(err)
	}
}

// wait takes completions one by one and retries on EINTR, because giouring's
// PeekBatchCQE reads past the completions that are ready, and its waits return EINTR.
func (r *theirRing) wait(t *testing.T, count int) []uring.CQE {
	var got []uring.CQE
	for len(got) < count {
		c, err := r.ring.WaitCQE()
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, uring.CQE{UserData: c.UserData, Res: c.Res, Flags: c.Flags})
		r.ring.CQESeen(c)
	}
	return got
}

func (r *theirRing) provide(t *testing.T) {
	var err error
	if r.ids, err = r.ring.SetupBufRing(buffers, group, 0); err != nil {
		t.Fatal(err)
	}
	r.memory = memory(t, buffers*bufferSize)
	for id := range buffers {
		r.add(uint16(id), id)
	}
	r.ids.BufRingAdvance(buffers)
}

func (r *theirRing) add(id uint16, position int) {
	address := uintptr(unsafe.Pointer(&r.memory[int(id)*bufferSize]))
	r.ids.BufRingAdd(address, bufferSize, id, giouring.BufRingMask(buffers), position)
}

func (r *theirRing) received(c uring.CQE) string {
	id, _ := c.BufferID()
	text := string(r.memory[int(id)*bufferSize:][:c.Res])
	r.add(id, 0)
	r.ids.BufRingAdvance(1)
	return text
}

// memory returns mapped memory: it does not move, so the kernel may use it.
func memory(t *testing.T, size int) []byte {
	t.Helper()
	m, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(m) })
	return m
}
