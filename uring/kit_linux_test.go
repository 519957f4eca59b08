package uring

import (
	"errors"
	"math"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// tb is what *testing.T, *testing.B and *rapid.T have in common.
type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// newRing makes a ring for the test's goroutine. Without io_uring the test fails with
// the error of New, which says what to do.
func newRing(t testing.TB, cfg Config) *Ring {
	t.Helper()
	return newRingOf(t, linux, cfg)
}

func newRingOf(t testing.TB, k kernel, cfg Config) *Ring {
	t.Helper()
	runtime.LockOSThread()
	r, err := k.open(cfg)
	if err != nil {
		runtime.UnlockOSThread()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
	return r
}

func newBufRing(t testing.TB, r *Ring, count, size int) *BufRing {
	t.Helper()
	b, err := r.NewBufRing(7, count, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancelAll(t, r)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// cancelAll ends all operations in flight, unless the ring is closed.
func cancelAll(t testing.TB, r *Ring) {
	t.Helper()
	s, err := r.Next()
	if errors.Is(err, unix.EBADF) {
		return
	}
	s.PrepareCancel(0, AsyncCancelAny|AsyncCancelAll)
	s.UserData = math.MaxUint64
	for reap(t, r, 1)[0].UserData != math.MaxUint64 {
	}
}

func next(t tb, r *Ring) *SQE {
	t.Helper()
	s, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reap submits all entries and waits until it has copied count completions.
func reap(t tb, r *Ring, count int) []CQE {
	t.Helper()
	got := make([]CQE, 0, count)
	for len(got) < count {
		if _, err := r.SubmitAndWait(1, -1); err != nil {
			t.Fatal(err)
		}
		n := r.Copy(got[len(got):count])
		got = got[:len(got)+n]
	}
	return got
}

// reapOne is reap for one completion, which must carry userData.
func reapOne(t tb, r *Ring, userData uint64) CQE {
	t.Helper()
	c := reap(t, r, 1)[0]
	if c.UserData != userData {
		t.Fatalf("completion %+v, want user data %d", c, userData)
	}
	return c
}

// memory returns mapped memory: it does not move, so the kernel may use it.
func memory(t testing.TB, size int) []byte {
	t.Helper()
	m, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(m) })
	return m
}

// sockets returns two connected stream sockets.
func sockets(t testing.TB) (int, int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { unix.Close(pair[0]); unix.Close(pair[1]) })
	return pair[0], pair[1]
}

func newEventFD(t testing.TB) int {
	t.Helper()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// listen returns a TCP listener on the loopback and its address.
func listen(t testing.TB) (int, unix.Sockaddr) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 16); err != nil {
		t.Fatal(err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, address
}

// dial connects to a listener. The kernel completes the connection in the listener's
// backlog.
func dial(t testing.TB, address unix.Sockaddr) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Connect(fd, address); err != nil {
		t.Fatal(err)
	}
	return fd
}

func write(t tb, fd int, data []byte) {
	t.Helper()
	if n, err := unix.Write(fd, data); err != nil || n != len(data) {
		t.Fatalf("write: %d bytes of %d: %v", n, len(data), err)
	}
}

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic %v, want %q", got, want)
		}
	}()
	f()
}
