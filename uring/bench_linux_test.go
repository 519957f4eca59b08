package uring

import (
	"fmt"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the ring itself costs: one system call for a batch of operations that do
// nothing.
func BenchmarkNops(b *testing.B) {
	for _, batch := range []int{1, 32} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			r := newRing(b, Config{Entries: 64})
			done := make([]CQE, batch)
			b.ReportAllocs()
			for b.Loop() {
				for range batch {
					next(b, r).PrepareNop()
				}
				r.SubmitAndPoll()
				if n := r.Copy(done); n != batch {
					b.Fatalf("%d completions", n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/operation")
		})
	}
}

// SubmitAndWait goes through Go's scheduler, SubmitAndPoll does not.
func BenchmarkNopWait(b *testing.B) {
	r := newRing(b, Config{Entries: 64})
	done := make([]CQE, 1)
	b.ReportAllocs()
	for b.Loop() {
		next(b, r).PrepareNop()
		r.SubmitAndWait(1, -1)
		r.Copy(done)
	}
}

// What one poll costs while the ring is idle.
func BenchmarkPending(b *testing.B) {
	r := newRing(b, Config{Entries: 64})
	b.ReportAllocs()
	for b.Loop() {
		if r.Pending() {
			b.Fatal("pending")
		}
	}
}

// One send and one receive of it, into the caller's memory and into a buffer ring.
func BenchmarkSendRecv(b *testing.B) {
	const size = 516 // a request of one vector
	b.Run("memory", func(b *testing.B) {
		r := newRing(b, Config{Entries: 64})
		to, from := sockets(b)
		m := memory(b, 2*size)
		done := make([]CQE, 2)
		b.ReportAllocs()
		b.SetBytes(size)
		for b.Loop() {
			next(b, r).PrepareSend(to, unsafe.Pointer(&m[0]), size, unix.MSG_NOSIGNAL)
			next(b, r).PrepareRecv(from, unsafe.Pointer(&m[size]), size, 0)
			r.SubmitAndWait(2, -1)
			if r.Copy(done) != 2 || done[0].Res != size || done[1].Res != size {
				b.Fatalf("completions %+v", done)
			}
		}
	})
	b.Run("bufring", func(b *testing.B) {
		r := newRing(b, Config{Entries: 64})
		bufs := newBufRing(b, r, 64, 4096)
		to, from := sockets(b)
		m := memory(b, size)
		done := make([]CQE, 2)
		recvMultishot(b, r, from, 1)
		b.ReportAllocs()
		b.SetBytes(size)
		for b.Loop() {
			next(b, r).PrepareSend(to, unsafe.Pointer(&m[0]), size, unix.MSG_NOSIGNAL)
			r.SubmitAndWait(2, -1)
			if r.Copy(done) != 2 {
				b.Fatal("want two completions")
			}
			for _, c := range done {
				if id, ok := c.BufferID(); ok {
					bufs.Bytes(id, int(c.Res))
					bufs.Recycle(id)
				}
			}
			bufs.Publish()
		}
	})
}
