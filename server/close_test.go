//go:build linux

package server_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestViolation: a client breaks the protocol after good requests. The server answers
// these and then sends EOF, whatever bytes follow the bad header.
func TestViolation(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		before := s.Metrics().ProtocolErrors
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(100, 64)...)
		violations := 0
		for _, vectors := range []uint32{0, 65, 1 << 31, 0xffffffff} {
			for _, behind := range []int{0, 1, 100_000, 4 << 20} {
				c := dial(t, s.Addr)
				rawtest.Check(t, c.Send(requests))
				rawtest.Check(t, c.Send(rawtest.Header(vectors)))
				c.Send(make([]byte, behind)) // may fail: the server may have closed the connection
				rawtest.Check(t, c.Expect(answers))
				if err := c.ExpectEOF(); err != nil {
					t.Errorf("n = %d with %d bytes behind: %v", vectors, behind, err)
				}
				c.Close()
				violations++
			}
		}
		// A turn of a thread ends connections first, and then adds to the counters.
		rawtest.Until(t, "the violations are counted", func() bool { return s.Metrics().ProtocolErrors-before >= uint64(violations) })
		if got := s.Metrics().ProtocolErrors - before; got != uint64(violations) {
			t.Errorf("ProtocolErrors grew by %d, want %d", got, violations)
		}
	})
}

// TestViolatorThatStays: two clients break the protocol and do not close. One goes silent,
// the other sends on and on. The server ends both connections: the harness waits until it
// has none open.
func TestViolatorThatStays(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		silent, loud := dial(t, s.Addr), dial(t, s.Addr)
		t.Cleanup(func() { silent.Close(); loud.Close() })
		rawtest.Check(t, silent.Send(rawtest.Header(0)))
		rawtest.Check(t, silent.ExpectEOF())
		rawtest.Check(t, loud.Send(rawtest.Header(0)))
		for loud.Send(make([]byte, 1<<16)) == nil {
		}
	})
}

// TestViolationLeavesOthers: while some clients break the protocol, the server serves the
// others.
func TestViolationLeavesOthers(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, rawtest.Each(16, func(client int) error {
			source := rawtest.Source{Dim: 128, Client: client}
			requests, answers := source.Pipeline(0, mixed(300, 64)...)
			if client%2 == 0 {
				return exchange(s.Addr, requests, answers)
			}
			for range 20 {
				requests, answers := source.Pipeline(0, mixed(client, 64)...)
				if err := violate(s.Addr, requests, answers); err != nil {
					return err
				}
			}
			return nil
		}))
	})
}

func violate(addr string, requests, answers []byte) error {
	c, err := rawtest.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return errors.Join(c.Send(append(requests, rawtest.Header(0)...)), c.Expect(answers), c.ExpectEOF())
}

// TestLeaveInFlight: clients close or reset connections with requests in flight, and
// connect again at once. The slot's next tenant must get its own answers and nothing else.
func TestLeaveInFlight(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, rawtest.Each(3, func(worker int) error {
			for i := range 500 {
				if err := leaveAndReturn(s.Addr, worker*10_000+i); err != nil {
					return fmt.Errorf("round %d: %w", i, err)
				}
			}
			return nil
		}))
	})
}

// leaveAndReturn plays one round as the clients 2*round and 2*round+1, which have no score
// in common.
func leaveAndReturn(addr string, round int) error {
	leaver, err := rawtest.Dial(addr)
	if err != nil {
		return err
	}
	lost, answers := rawtest.Source{Dim: 128, Client: 2 * round}.Pipeline(0, mixed(1+round%24, 8)...)
	if err := leaver.Send(lost); err != nil {
		return err
	}
	switch round % 4 {
	case 0:
		err = leaver.Close()
	case 1:
		err = errors.Join(leaver.Expect(answers[:8]), leaver.Reset())
	default:
		err = leaver.Reset()
	}
	if err != nil {
		return err
	}
	requests, answers := rawtest.Source{Dim: 128, Client: 2*round + 1}.Pipeline(0, 1, 2)
	return exchange(addr, requests, answers)
}
