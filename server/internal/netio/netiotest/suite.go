//go:build linux

// Package netiotest holds every [netio.Backend] that works on real sockets to the
// contract: named cases over TCP and AF_UNIX, and random traffic against a model.
package netiotest

import (
	"runtime"
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
)

// Run runs all tests on backends that newBackend makes for at least Conns
// connections. It calls newBackend on the thread that uses the backend, and frees
// the backend.
func Run(t *testing.T, newBackend func(testing.TB) netio.Backend) {
	Cases(t, newBackend)
	Traffic(t, newBackend)
}

// Cases runs the named cases.
func Cases(t *testing.T, newBackend func(testing.TB) netio.Backend) {
	for _, n := range networks {
		for _, c := range cases {
			t.Run(n.name+"/"+c.name, func(t *testing.T) { c.run(start(t, n, newBackend)) })
		}
	}
}

// Traffic has random operations on random connections agree with a model.
func Traffic(t *testing.T, newBackend func(testing.TB) netio.Backend) {
	for _, n := range networks {
		t.Run(n.name+"/Traffic", func(t *testing.T) { traffic(t, start(t, n, newBackend)) })
	}
}

// Conns is how many connections the suite opens at a time, at most.
const Conns = 400

// start makes a backend on a thread of its own.
func start(t *testing.T, n network, newBackend func(testing.TB) netio.Backend) *rig {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	r := &rig{TB: t, network: n, backend: newBackend(t)}
	t.Cleanup(func() {
		if err := r.backend.Free(); err != nil {
			t.Errorf("Free: %v", err)
		}
	})
	return r
}

var cases = []struct {
	name string
	run  func(*rig)
}{
	{"AcceptTakesAll", acceptTakesAll},
	{"AcceptSeveralListeners", acceptSeveralListeners},
	{"AcceptSharedListener", acceptSharedListener},
	{"AcceptCancelled", acceptCancelled},
	{"AcceptWithoutDescriptors", acceptWithoutDescriptors},
	{"AcceptNow", acceptNow},
	{"ReceiveWaits", receiveWaits},
	{"ReceiveInPieces", receiveInPieces},
	{"ReceiveFillsBuffer", receiveFillsBuffer},
	{"ReceiveReadyInVain", receiveReadyInVain},
	{"ReceiveUrgent", receiveUrgent},
	{"ReceivePassed", receivePassed},
	{"ReceiveFIN", receiveFIN},
	{"ReceiveFINAfterInput", receiveFINAfterInput},
	{"ReceiveReset", receiveReset},
	{"ReceiveCancelled", receiveCancelled},
	{"ReceiveStarved", receiveStarved},
	{"ReceiveDropped", receiveDropped},
	{"ReceiveMany", receiveMany},
	{"SendAll", sendAll},
	{"SendPart", sendPart},
	{"SendToDead", sendToDead},
	{"RestWaits", restWaits},
	{"RestAtOnce", restAtOnce},
	{"RestCancelled", restCancelled},
	{"RestCancelledAtOnce", restCancelledAtOnce},
	{"RestToDead", restToDead},
	{"BothDirections", bothDirections},
	{"Wake", wake},
	{"Tick", tick},
	{"CancelOfNothing", cancelOfNothing},
	{"CloseThenReuse", closeThenReuse},
	{"Questions", questions},
	{"SleeperWakes", sleeperWakes},
	{"PingPongAllocatesNothing", pingPongAllocatesNothing},
}
