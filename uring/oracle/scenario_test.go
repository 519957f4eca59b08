//go:build giouring && linux

package oracle

import (
	"cmp"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// event is a completion without the values that may differ between runs: it has 0 in
// place of a descriptor, and a buffer's contents in place of its ID.
type event struct {
	userData uint64
	res      int32
	flags    uint32
	text     string
}

// scenarios run on either binding and return what happened.
var scenarios = map[string]func(*testing.T, ring) []event{
	"nops":          nops,
	"timeout":       timeout,
	"send and recv": sendAndRecv,
	"read":          read,
	"bufring":       bufRing,
	"run dry":       runDry,
	"accept":        accept,
	"cancel":        cancel,
	"refusals":      refusals,
}

func TestScenariosEndTheSame(t *testing.T) {
	for name, run := range scenarios {
		t.Run(name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ours, theirs := run(t, newOurs(t)), run(t, newTheirs(t))
			if len(ours) == 0 || !slices.Equal(ours, theirs) {
				t.Errorf("ours   %+v\ntheirs %+v", ours, theirs)
			}
		})
	}
}

// events sorts by user data, because operations that finish together may complete in
// any order.
func events(completions []uring.CQE) []event {
	var got []event
	for _, c := range completions {
		got = append(got, event{userData: c.UserData, res: c.Res, flags: c.Flags})
	}
	slices.SortFunc(got, func(a, b event) int { return cmp.Compare(a.userData, b.userData) })
	return got
}

func nops(t *testing.T, r ring) []event {
	var got []event
	for i := range uint64(3 * ringEntries) {
		r.submit(t, "Nop", arguments{}, i)
		got = append(got, events(r.wait(t, 1))...)
	}
	return got
}

func timeout(t *testing.T, r ring) []event {
	m := memory(t, 16)
	ts := (*uring.Timespec)(unsafe.Pointer(&m[0]))
	ts.Set(1000)
	r.submit(t, "Timeout", arguments{timespec: ts}, 1)
	return events(r.wait(t, 1))
}

func sendAndRecv(t *testing.T, r ring) []event {
	a, b := sockets(t)
	out, in := memory(t, 16), memory(t, 16)
	size := copy(out, "a few rows")
	r.submit(t, "Recv", arguments{fd: b, memory: in, size: len(in)}, 1)
	r.submit(t, "Send", arguments{fd: a, memory: out, size: size}, 2)
	got := events(r.wait(t, 2))
	got[0].text = string(in)
	r.submit(t, "Shutdown", arguments{fd: a, how: unix.SHUT_WR}, 3)
	got = append(got, events(r.wait(t, 1))...)
	r.submit(t, "Recv", arguments{fd: b, memory: in, size: len(in)}, 4)
	return append(got, events(r.wait(t, 1))...)
}

func read(t *testing.T, r ring) []event {
	fd, err := unix.Eventfd(5, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	m := memory(t, 8)
	r.submit(t, "Read", arguments{fd: fd, memory: m, size: 8}, 1)
	got := events(r.wait(t, 1))
	got[0].text = string(m)
	r.submit(t, "Close", arguments{fd: fd}, 2)
	return append(got, events(r.wait(t, 1))...)
}

// bufRing receives more messages than there are buffers.
func bufRing(t *testing.T, r ring) []event {
	r.provide(t)
	a, b := sockets(t)
	r.submit(t, "MultishotRecv", arguments{fd: b, group: group}, 1)
	var got []event
	for i := range 3 * buffers {
		unix.Write(a, []byte("message "+string(rune('a'+i))))
		c := r.wait(t, 1)
		e := events(c)[0]
		e.text = r.received(c[0])
		got = append(got, e)
	}
	unix.Shutdown(a, unix.SHUT_WR)
	return append(got, events(r.wait(t, 1))...)
}

// runDry gives no buffer back, so the last receive finds none.
func runDry(t *testing.T, r ring) []event {
	r.provide(t)
	a, b := sockets(t)
	for range buffers + 1 {
		unix.Write(a, make([]byte, bufferSize))
	}
	var got []event
	for i := range uint64(buffers + 1) {
		r.submit(t, "RecvSelect", arguments{fd: b, group: group}, i)
		got = append(got, events(r.wait(t, 1))...)
	}
	return got
}

func accept(t *testing.T, r ring) []event {
	listener, address := listen(t)
	var got []event
	take := func() {
		c := r.wait(t, 1)
		if c[0].Res > 0 {
			unix.Close(int(c[0].Res))
			c[0].Res = 0
		}
		got = append(got, events(c)...)
	}
	r.submit(t, "Accept", arguments{fd: listener, flags: unix.SOCK_CLOEXEC}, 1)
	dial(t, address)
	take()
	r.submit(t, "MultishotAccept", arguments{fd: listener, flags: unix.SOCK_CLOEXEC}, 2)
	for range 3 {
		dial(t, address)
		take()
	}
	r.submit(t, "Cancel", arguments{userData: 2}, 3)
	return append(got, events(r.wait(t, 2))...)
}

func cancel(t *testing.T, r ring) []event {
	_, b := sockets(t)
	m := memory(t, 8)
	for i := range uint64(3) {
		r.submit(t, "Recv", arguments{fd: b, memory: m, size: 8}, i)
	}
	r.submit(t, "Cancel", arguments{userData: 1}, 3)
	got := events(r.wait(t, 2))
	r.submit(t, "CancelFD", arguments{fd: b, flags: uring.AsyncCancelAll}, 4)
	got = append(got, events(r.wait(t, 3))...)
	r.submit(t, "Cancel", arguments{userData: 77}, 5)
	return append(got, events(r.wait(t, 1))...)
}

func refusals(t *testing.T, r ring) []event {
	m := memory(t, 8)
	var got []event
	for i, name := range []string{"Accept", "MultishotAccept", "Recv", "Send", "Read", "Close", "Shutdown", "RecvSelect"} {
		r.submit(t, name, arguments{fd: 1 << 20, memory: m, size: 8, group: 99}, uint64(i))
		got = append(got, events(r.wait(t, 1))...)
	}
	return got
}
