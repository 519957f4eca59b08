package uring

import (
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// machine drives a small ring and remembers the result that each operation in
// flight must have. Whatever the order of calls, each operation completes exactly
// once.
type machine struct {
	ring   *Ring
	want   map[uint64]int32
	next   uint64
	event  int    // an eventfd that the read operations read
	reads  int    // how many reads were prepared
	events int    // how often the eventfd was signalled
	memory []byte // 8 bytes for each read
}

const eventReads = 16

func TestAnswersOnce(t *testing.T) { rapid.Check(t, checkAnswersOnce(t)) }

func FuzzAnswersOnce(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkAnswersOnce(f))) }

func checkAnswersOnce(outer testing.TB) func(*rapid.T) {
	words := memory(outer, 8*eventReads)
	return func(t *rapid.T) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		m := &machine{want: map[uint64]int32{}, memory: words}
		var err error
		if m.ring, err = New(Config{Entries: 4, CQEntries: 8}); err != nil {
			t.Fatal(err)
		}
		defer m.ring.Close()
		if m.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_SEMAPHORE); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(m.event)
		t.Repeat(map[string]func(*rapid.T){
			"nops":    m.nops,
			"timeout": m.timeout,
			"read":    m.read,
			"refused": m.refused,
			"signal":  m.signal,
			"submit":  m.submit,
			"poll":    m.poll,
			"wait":    m.wait,
			"copy":    m.copy,
		})
		m.drain(t)
	}
}

// expect gives an operation its user data and records the result that it must have.
func (m *machine) expect(s *SQE, res int32) {
	m.next++
	s.UserData = m.next
	m.want[m.next] = res
}

func (m *machine) nops(t *rapid.T) {
	for range rapid.IntRange(1, 20).Draw(t, "count") {
		s := next(t, m.ring)
		s.PrepareNop()
		m.expect(s, 0)
	}
}

func (m *machine) timeout(t *rapid.T) {
	s := next(t, m.ring)
	after := time.Duration(rapid.IntRange(0, 1000).Draw(t, "nanoseconds"))
	s.PrepareTimeout(m.ring.Timespec(s, after), 0, 0)
	m.expect(s, -int32(unix.ETIME))
}

func (m *machine) read(t *rapid.T) {
	if m.reads == eventReads {
		return
	}
	s := next(t, m.ring)
	s.PrepareRead(m.event, unsafe.Pointer(&m.memory[8*m.reads]), 8, 0)
	m.reads++
	m.expect(s, 8)
}

func (m *machine) refused(t *rapid.T) {
	s := next(t, m.ring)
	s.PrepareClose(-1)
	m.expect(s, -int32(unix.EBADF))
}

func (m *machine) signal(t *rapid.T) {
	if m.events < m.reads {
		m.events++
		write(t, m.event, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

func (m *machine) submit(t *rapid.T) {
	unsubmitted := m.ring.Unsubmitted()
	if n, err := m.ring.Submit(); n != unsubmitted || err != nil {
		t.Fatalf("Submit took %d of %d: %v", n, unsubmitted, err)
	}
}

func (m *machine) poll(t *rapid.T) {
	unsubmitted := m.ring.Unsubmitted()
	if n, err := m.ring.SubmitAndPoll(); n != unsubmitted || err != nil {
		t.Fatalf("SubmitAndPoll took %d of %d: %v", n, unsubmitted, err)
	}
}

func (m *machine) wait(t *rapid.T) {
	count := uint32(rapid.IntRange(0, 8).Draw(t, "count"))
	if _, err := m.ring.SubmitAndWait(count, time.Microsecond); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) copy(t *rapid.T) {
	m.take(t, rapid.IntRange(0, 12).Draw(t, "count"))
}

// take copies up to count completions, checks each and deletes it from want.
func (m *machine) take(t *rapid.T, count int) {
	done := make([]CQE, count)
	for _, c := range done[:m.ring.Copy(done)] {
		want, ok := m.want[c.UserData]
		if !ok || c.Res != want || c.More() {
			t.Fatalf("completion %+v, want %d (expected: %v)", c, want, ok)
		}
		delete(m.want, c.UserData)
	}
}

// drain lets every read finish and waits for all completions.
func (m *machine) drain(t *rapid.T) {
	for m.events < m.reads {
		m.signal(t)
	}
	for len(m.want) > 0 {
		if _, err := m.ring.SubmitAndWait(1, -1); err != nil {
			t.Fatal(err)
		}
		m.take(t, 5)
	}
	if m.ring.Pending() || m.ring.Unsubmitted() != 0 {
		t.Fatal("completions or unsubmitted entries are left")
	}
}
