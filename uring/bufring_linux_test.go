package uring

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func recvMultishot(t tb, r *Ring, fd int, userData uint64) {
	t.Helper()
	s := next(t, r)
	s.PrepareMultishotRecv(fd, 7, 0)
	s.UserData = userData
	if _, err := r.Submit(); err != nil {
		t.Fatal(err)
	}
}

func buffer(t tb, b *BufRing, c CQE) (uint16, []byte) {
	t.Helper()
	id, ok := c.BufferID()
	if !ok || c.Err() != nil {
		t.Fatalf("no buffer in %+v", c)
	}
	return id, b.Bytes(id, int(c.Res))
}

func TestRecvSelect(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	b := newBufRing(t, r, 2, 4)
	to, from := sockets(t)
	write(t, to, []byte("abcdef"))
	for _, want := range []string{"abcd", "ef"} {
		next(t, r).PrepareRecvSelect(from, 7, 0)
		c := reap(t, r, 1)[0]
		id, data := buffer(t, b, c)
		if string(data) != want || cap(data) != len(want) || c.More() || c.SockNonEmpty() != (want == "abcd") {
			t.Errorf("received %q in %+v, want %q", data, c, want)
		}
		b.Recycle(id)
		b.Publish()
	}
}

func TestMultishotRecvRunsDry(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	b := newBufRing(t, r, 2, 4)
	to, from := sockets(t)
	recvMultishot(t, r, from, 1)
	write(t, to, []byte("aaaabbbbcccc"))
	var held []uint16
	for _, want := range []string{"aaaa", "bbbb"} {
		c := reapOne(t, r, 1)
		id, data := buffer(t, b, c)
		if string(data) != want || !c.More() {
			t.Errorf("received %q in %+v, want %q", data, c, want)
		}
		held = append(held, id)
	}
	if c := reapOne(t, r, 1); c.Err() != unix.ENOBUFS || c.More() {
		t.Errorf("with no buffer left: %+v", c)
	}
	if b.Free() != 0 || held[0] == held[1] {
		t.Errorf("%d free, holding %v", b.Free(), held)
	}

	b.Recycle(held[1])
	b.Publish()
	recvMultishot(t, r, from, 2)
	c := reapOne(t, r, 2)
	if id, data := buffer(t, b, c); id != held[1] || string(data) != "cccc" {
		t.Errorf("received %q in %+v", data, c)
	}
	b.Recycle(held[0])
	b.Recycle(held[1])
	b.Publish()
	unix.Shutdown(to, unix.SHUT_WR)
	for c.More() {
		c = reapOne(t, r, 2)
	}
	if c.Res == -int32(unix.ENOBUFS) { // the receive found no buffer before the two were recycled
		recvMultishot(t, r, from, 2)
		c = reapOne(t, r, 2)
	}
	if c.Res != 0 || b.Free() != 2 {
		t.Errorf("at the end: %+v, %d free", c, b.Free())
	}
}

// The tail is 16 bits wide. The buffer ring still works long after it has wrapped.
func TestTailWraps(t *testing.T) {
	r := newRing(t, Config{Entries: 8, CQEntries: 256})
	b := newBufRing(t, r, 64, 8)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	const batch = 32
	var message [8]byte
	more := false
	for sent := uint64(0); sent < 1<<16+10*batch; {
		if !more {
			recvMultishot(t, r, pair[1], 1)
		}
		first := sent
		for range batch {
			binary.LittleEndian.PutUint64(message[:], sent)
			write(t, pair[0], message[:])
			sent++
		}
		for i, c := range reap(t, r, batch) {
			id, data := buffer(t, b, c)
			if got := binary.LittleEndian.Uint64(data); got != first+uint64(i) {
				t.Fatalf("message %d is %d", first+uint64(i), got)
			}
			b.Recycle(id)
			more = c.More()
		}
		b.Publish()
		if b.Free() != 64 {
			t.Fatalf("%d buffers free", b.Free())
		}
	}
	if b.next >= 1<<15 {
		t.Errorf("the tail is %d: it has not wrapped", b.next)
	}
}

// A buffer ring of the largest size that the kernel allows: each buffer is filled once.
func TestLargestBufRing(t *testing.T) {
	const count, size = 1 << 15, 4
	r := newRing(t, Config{Entries: 8, CQEntries: 256})
	b := newBufRing(t, r, count, size)
	to, from := sockets(t)
	recvMultishot(t, r, from, 1)
	var chunk [64 * size]byte
	used := make([]bool, count)
	for i := 0; i < count; {
		for k := range 64 {
			binary.LittleEndian.PutUint32(chunk[size*k:], uint32(i+k))
		}
		write(t, to, chunk[:])
		for _, c := range reap(t, r, 64) {
			id, data := buffer(t, b, c)
			if used[id] || binary.LittleEndian.Uint32(data) != uint32(i) {
				t.Fatalf("receipt %d: buffer %d holds %v", i, id, data)
			}
			used[id] = true
			i++
			if !c.More() && i < count {
				recvMultishot(t, r, from, 1)
			}
		}
	}
	if b.Free() != 0 || slices.Contains(used, false) {
		t.Errorf("%d buffers not used", b.Free())
	}
}

func TestBufRingMisuse(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	for _, count := range []int{-1, 0, 3, 1 << 16} {
		if _, err := r.NewBufRing(1, count, 8); err == nil {
			t.Errorf("made a ring of %d buffers", count)
		}
	}
	for _, size := range []int{-1, 0, math.MaxInt32} {
		if _, err := r.NewBufRing(1, 2, size); err == nil {
			t.Errorf("made buffers of %d bytes", size)
		}
	}
	b := newBufRing(t, r, 2, 8)
	if _, err := r.NewBufRing(7, 2, 8); !errors.Is(err, unix.EEXIST) {
		t.Errorf("a group registered twice: %v", err)
	}
	const never = "uring: recycled a buffer that Bytes did not take"
	const none = "uring: no buffer has this ID, or the buffer has fewer bytes"
	mustPanic(t, never, func() { b.Recycle(0) })
	mustPanic(t, never, func() { b.Recycle(2) })
	mustPanic(t, none, func() { b.Bytes(2, 0) })
	mustPanic(t, none, func() { b.Bytes(0, 9) })
	mustPanic(t, none, func() { b.Bytes(0, -1) })
	if first, again := b.Bytes(1, 8), b.Bytes(1, 1); &first[0] != &again[0] || b.Free() != 1 {
		t.Errorf("a buffer taken twice: %d free", b.Free())
	}
	b.Recycle(1)
	mustPanic(t, never, func() { b.Recycle(1) })
}

func TestBufRingClose(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	b := newBufRing(t, r, 2, 8)
	other, err := r.NewBufRing(8, 2, 8)
	if err != nil {
		t.Fatal(err)
	}
	to, from := sockets(t)
	write(t, to, []byte("x"))
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	next(t, r).PrepareRecvSelect(from, 7, 0)
	if c := reap(t, r, 1)[0]; c.Err() != unix.ENOBUFS {
		t.Errorf("receive into a closed group: %+v", c)
	}
	mustPanic(t, "uring: no buffer has this ID, or the buffer has fewer bytes", func() { b.Bytes(0, 1) })
	newBufRing(t, r, 4, 8)
	r.Close()
	if err := other.Close(); err != nil {
		t.Errorf("after the ring: %v", err)
	}
}

// Publish stores the ID of slot 0 along with the tail.
func TestPublishKeepsSlotZero(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	b := newBufRing(t, r, 4, 8)
	for range 5 {
		b.Publish()
	}
	if b.slots[0].id != 0 || b.slots[0].tail != 4 {
		t.Errorf("slot 0 is %+v", b.slots[0])
	}
	if got := uintptr(unsafe.Pointer(&b.slots[0].id)) % 4; got != 0 {
		t.Errorf("the word is misaligned by %d", got)
	}
}
