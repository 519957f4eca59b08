//go:build linux

package netiotest

import (
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

func acceptOp(key uint64, l listener) netio.Op {
	return netio.Op{Code: netio.Accept, Key: key, FD: l.fd}
}

// collect waits for count connections of an accept and returns their descriptors.
func (r *rig) collect(key uint64, count int) (fds []int32) {
	r.Helper()
	for range count {
		fds = append(fds, r.expect(key, netio.Accept, netio.DoneMore).N)
	}
	return fds
}

func (r *rig) closeAll(fds []int32) {
	for _, fd := range fds {
		r.turn(netio.Op{Code: netio.Close, FD: fd})
	}
}

// acceptTakesAll: an accept takes the connections that already wait and those that come
// later, each once.
func acceptTakesAll(r *rig) {
	const early, late = 300, 10
	l, key := r.listen(), r.key()
	var peers []*peer
	for range early {
		peers = append(peers, r.connect(l))
	}
	r.turn(acceptOp(key, l))
	fds := r.collect(key, early)
	for range late {
		peers = append(peers, r.connect(l))
		fds = append(fds, r.collect(key, 1)...)
	}
	slices.Sort(fds)
	if n := len(slices.Compact(fds)); n != early+late {
		r.Fatalf("%d descriptors for %d connections", n, early+late)
	}
	r.expectNone()
	r.closeAll(fds)
	for _, p := range peers {
		r.until("the peer reads FIN", func() bool { _, eof := p.read(); return eof })
		p.close()
	}
}

// acceptSeveralListeners: each accept reports only its own listener's connections.
func acceptSeveralListeners(r *rig) {
	var listeners [3]listener
	for i := range listeners {
		listeners[i] = r.listen()
		r.turn(acceptOp(uint64(i), listeners[i]))
	}
	for i := range listeners {
		for range i + 1 {
			defer r.connect(listeners[i]).close()
		}
	}
	for i := range listeners {
		r.closeAll(r.collect(uint64(i), i+1))
	}
	r.expectNone()
}

// acceptSharedListener: another owner of the listener may take a connection first. Closing
// one of two duplicates ends the listener only for the owner of that one.
func acceptSharedListener(r *rig) {
	l, key := r.listen(), r.key()
	duplicate, err := unix.FcntlInt(uintptr(l.fd), unix.F_DUPFD_CLOEXEC, 0)
	r.check("duplicate", err)
	other := listener{int32(duplicate), l.addr}
	r.turn(acceptOp(key, l))
	r.turn(netio.Op{Code: netio.Cancel, Key: key, FD: l.fd, Target: netio.Accept})
	r.expect(key, netio.Accept, netio.Interrupted)

	defer r.connect(l).close()
	fd, outcome := r.backend.AcceptNow(other.fd)
	if outcome != netio.Done {
		r.Fatalf("AcceptNow on the duplicate: outcome %d", outcome)
	}
	r.closeAll([]int32{fd})
	r.turn(acceptOp(key, l))
	r.expectNone()
	r.turn(netio.Op{Code: netio.Cancel, Key: key, FD: l.fd, Target: netio.Accept})
	r.expect(key, netio.Accept, netio.Interrupted)
	r.backend.CloseNow(l.fd)

	r.turn(acceptOp(key+1, other))
	defer r.connect(other).close()
	r.closeAll(r.collect(key+1, 1))
	r.expectNone()
}

// acceptCancelled: a connection that comes after the cancel waits for the next accept.
func acceptCancelled(r *rig) {
	l, key := r.listen(), r.key()
	r.turn(acceptOp(key, l))
	r.turn(netio.Op{Code: netio.Cancel, Key: key, FD: l.fd, Target: netio.Accept})
	r.expect(key, netio.Accept, netio.Interrupted)
	defer r.connect(l).close()
	r.expectNone()
	r.turn(acceptOp(key, l))
	r.closeAll(r.collect(key, 1))
}

// acceptWithoutDescriptors: an accept fails if no descriptor is left. Another accept takes
// the connection once descriptors are free again.
func acceptWithoutDescriptors(r *rig) {
	l, key := r.listen(), r.key()
	defer r.connect(l).close()
	restore := r.exhaust()
	r.turn(acceptOp(key, l))
	r.expect(key, netio.Accept, netio.Failed)
	if _, outcome := r.backend.AcceptNow(l.fd); outcome != netio.Failed {
		r.Fatalf("AcceptNow: outcome %d, want failed", outcome)
	}
	restore()
	r.expectNone()
	r.turn(acceptOp(key, l))
	r.closeAll(r.collect(key, 1))
}

// exhaust makes the process unable to open another descriptor, until restore is called.
func (r *rig) exhaust() (restore func()) {
	r.Helper()
	lowest, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
	r.check("duplicate", err)
	unix.Close(lowest)
	var before unix.Rlimit
	r.check("getrlimit", unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	limit := func(cur uint64) {
		r.check("prlimit", unix.Prlimit(0, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: cur, Max: before.Max}, nil))
	}
	limit(uint64(lowest))
	return func() { limit(before.Cur) }
}

// acceptNow: AcceptNow takes a connection only if one waits. The connection is in blocking
// mode.
func acceptNow(r *rig) {
	l := r.listen()
	if _, outcome := r.backend.AcceptNow(l.fd); outcome != netio.Interrupted {
		r.Fatalf("without a connection: outcome %d", outcome)
	}
	c := r.pairAt(l)
	defer c.close()
	if flags, err := unix.FcntlInt(uintptr(c.fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
		r.Fatalf("the connection's flags are %#x, %v: it must be in blocking mode", flags, err)
	}
	r.backend.CloseNow(c.fd)
	r.backend.CloseNow(l.fd)
}
