package uring_test

import (
	"fmt"
	"log"
	"runtime"
	"unsafe"

	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// A message goes through a socket pair: the send reads mapped memory, and the kernel
// picks the buffer that the receive fills.
func Example() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ring, err := uring.New(uring.Config{Entries: 64})
	if err != nil {
		log.Fatal(err) // says what is blocked and how to allow it
	}
	defer ring.Close()
	buffers, err := ring.NewBufRing(0, 16, 4096)
	if err != nil {
		log.Fatal(err)
	}
	defer buffers.Close()

	pair, _ := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	message, _ := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|unix.MAP_PRIVATE)
	size := copy(message, "hello, ring")

	sqe, _ := ring.Next()
	sqe.PrepareMultishotRecv(pair[1], 0, 0)
	sqe.UserData = 1
	sqe, _ = ring.Next()
	sqe.PrepareSend(pair[0], unsafe.Pointer(&message[0]), size, unix.MSG_NOSIGNAL)
	sqe.UserData = 2
	sqe, _ = ring.Next()
	sqe.PrepareShutdown(pair[0], unix.SHUT_WR)
	sqe.UserData = 3

	for open := true; open; {
		if _, err := ring.SubmitAndWait(1, -1); err != nil {
			log.Fatal(err)
		}
		var done [8]uring.CQE
		for _, cqe := range done[:ring.Copy(done[:])] {
			if id, ok := cqe.BufferID(); ok {
				fmt.Printf("%s\n", buffers.Bytes(id, int(cqe.Res)))
				buffers.Recycle(id)
			}
			open = open && (cqe.UserData != 1 || cqe.More())
		}
		buffers.Publish()
	}
	fmt.Println("closed")
	// Output:
	// hello, ring
	// closed
}

// A program asks once, at start-up, which operations the kernel has.
func ExampleProbe() {
	operations, err := uring.Probe()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(operations.Supports(uring.OpRecv))
	// Output: true
}

// The duration of a timeout lies in the ring's own memory.
func ExampleRing_Timespec() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ring, err := uring.New(uring.Config{Entries: 8})
	if err != nil {
		log.Fatal(err)
	}
	defer ring.Close()

	sqe, _ := ring.Next()
	sqe.PrepareTimeout(ring.Timespec(sqe, 1000), 0, 0)
	ring.SubmitAndWait(1, -1)
	done := make([]uring.CQE, 1)
	ring.Copy(done)
	fmt.Println(done[0].Err() == unix.ETIME)
	// Output: true
}

// A server that can also use epoll checks first. It falls back only if io_uring is
// unavailable. If memory or descriptors run out it fails, so that its operator learns
// of it.
func ExampleCheck() {
	err := uring.Check(uring.OpAccept, uring.OpRecv, uring.OpSend, uring.OpClose)
	switch {
	case uring.Unavailable(err):
		fmt.Println("epoll, because", err)
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("io_uring")
	}
	// Output: io_uring
}
