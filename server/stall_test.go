//go:build linux

package server_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// narrow makes answers as long as requests, so that a peer that reads no answers is soon
// blocked.
func narrow(cfg *server.Config) { cfg.Dim = 1 }

// TestPeerThatNeverReads and TestManyPeersThatNeverRead hold peers that send until they are
// blocked, and read nothing. The server must serve another peer all the while, and must not
// read more from these than its buffers hold. When they read at last, no answer may be
// missing. Eighty peers are more than a thread has receive buffers.
func TestPeerThatNeverReads(t *testing.T)     { testMutes(t, 1) }
func TestManyPeersThatNeverRead(t *testing.T) { testMutes(t, 80) }

func testMutes(t *testing.T, count int) {
	rawtest.EachPlacement(t, narrow, func(t *testing.T, s *rawtest.Server) {
		var mutes []*rawtest.Mute
		for client := range count {
			m, err := rawtest.NewMute(s.Addr, rawtest.Source{Dim: 1, Client: client}, 64, 16)
			rawtest.Check(t, err)
			defer m.Drop()
			mutes = append(mutes, m)
		}
		good := newLoop(t, s.Addr, rawtest.Source{Dim: 1, Client: count})
		rawtest.Check(t, rawtest.AwaitBlocked(mutes, 64<<20, good.turn))
		for range 1000 {
			rawtest.Check(t, good.turn())
		}
		rawtest.Check(t, good.Finish())

		half := count / 2 // these peers reset their connections, the others read their answers
		for _, m := range mutes[:half] {
			rawtest.Check(t, m.Drop())
		}
		rawtest.Check(t, rawtest.Each(count-half, func(i int) error { return mutes[half+i].Recover() }))
	})
}

// TestRequestsWithoutEnd holds peers that have sent all but the last byte of a request. They
// must not hold back another peer.
func TestRequestsWithoutEnd(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		const count = 80
		var held [count]*rawtest.Client
		for i := range held {
			requests, _ := rawtest.Source{Dim: 128, Client: i}.Pipeline(0, 64)
			held[i] = dial(t, s.Addr)
			defer held[i].Close()
			rawtest.Check(t, held[i].Send(requests[:len(requests)-1]))
		}
		requests, answers := rawtest.Source{Dim: 128, Client: count}.Pipeline(0, mixed(500, 64)...)
		rawtest.Check(t, exchange(s.Addr, requests, answers))

		rawtest.Check(t, rawtest.Each(count, func(i int) error {
			requests, answers := rawtest.Source{Dim: 128, Client: i}.Pipeline(0, 64)
			last := requests[len(requests)-1:]
			return errors.Join(held[i].Send(last), held[i].Expect(answers), held[i].Finish())
		}))
	})
}

// loop is a client with one request in flight.
type loop struct {
	*rawtest.Client
	source rawtest.Source
	seq    int
}

func newLoop(t *testing.T, addr string, source rawtest.Source) *loop {
	l := &loop{Client: dial(t, addr), source: source}
	t.Cleanup(func() { l.Close() })
	return l
}

// turn sends the next request and expects its answer.
func (l *loop) turn() error {
	requests, answers := l.source.Pipeline(l.seq, 1+l.seq%3)
	l.seq++
	if err := l.Send(requests); err != nil {
		return err
	}
	if err := l.Expect(answers); err != nil {
		return fmt.Errorf("request %d: %w", l.seq-1, err)
	}
	return nil
}
