//go:build linux

// Package netiotest tests that a [netio.Backend] on real sockets keeps its contract: with
// named cases over TCP and AF_UNIX, and with random traffic against a model.
package netiotest

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
)

// Run runs all tests. newBackend makes a backend for the Config that it gets; Run calls it
// on the thread that uses the backend, and frees the backend afterwards.
func Run(t *testing.T, newBackend NewBackend) {
	Cases(t, newBackend)
	Traffic(t, newBackend)
}

// codes records which codes the cases have submitted.
type codes [netio.Codes]bool

// Cases runs the named cases. Together they must submit every kind of operation.
func Cases(t *testing.T, newBackend NewBackend) {
	var submitted codes
	ran := 0
	for _, n := range networks {
		for _, c := range cases {
			t.Run(n.name+"/"+c.name, func(t *testing.T) {
				ran++
				c.run(start(t, n, newBackend, netio.ReceiveBytes, &submitted))
			})
		}
	}
	for _, n := range networks {
		t.Run(fmt.Sprintf("%s/ReceiveDroppedRest/%d", n.name, smallReceiveBytes), func(t *testing.T) {
			receiveDroppedRest(start(t, n, newBackend, smallReceiveBytes, new(codes)))
		})
	}
	for code, was := range submitted {
		if all := len(networks) * len(cases); !was && ran == all {
			t.Errorf("no case submits operation %d (%[1]v)", netio.Code(code))
		}
	}
}

// Traffic runs random operations on random connections, and compares the backend with a model.
func Traffic(t *testing.T, newBackend NewBackend) {
	for _, n := range networks {
		for _, receiveBytes := range []int{netio.ReceiveBytes, smallReceiveBytes} {
			t.Run(fmt.Sprintf("%s/Traffic/%d", n.name, receiveBytes), func(t *testing.T) {
				traffic(t, start(t, n, newBackend, receiveBytes, new(codes)))
			})
		}
	}
}

const (
	conns             = 400 // that the suite opens at a time
	smallReceiveBytes = 192
)

// NewBackend makes a backend for the calling thread. An error fails the test.
type NewBackend func(testing.TB, netio.Config) netio.Backend

// start makes a backend on the test's own OS thread.
func start(t *testing.T, n network, newBackend NewBackend, receiveBytes int, submitted *codes) *rig {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	r := &rig{TB: t, network: n, backend: newBackend(t, netio.Config{Conns: conns, ReceiveBytes: receiveBytes}), submitted: submitted}
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
	{"ReceiveReadyButEmpty", receiveReadyButEmpty},
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
	{"SocketQueries", socketQueries},
	{"SleeperWakes", sleeperWakes},
	{"PingPongAllocatesNothing", pingPongAllocatesNothing},
}
