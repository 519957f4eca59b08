//go:build linux

package server_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// The format of the fuzzed port is small, so that bytes at random often are
// requests. A stream is shorter than the kernel's buffers, so that all of it can
// be sent before the first answer is read.
const (
	fuzzDim     = 3
	fuzzVectors = 4
	mostFuzzed  = 1 << 14
	mostApart   = 32 // pieces that the server is sure to see apart
)

// FuzzPort sends bytes to live ports, one of each placement and backend, with the least
// rings and pools. Whatever the bytes are and however they come, they must be
// answered as answersTo says, and a neighbour beside them as ever.
func FuzzPort(f *testing.F) {
	for _, stream := range fuzzStreams() {
		for _, how := range []byte{0, 1, 2, 3, 4 | 7<<3, 5 | 1<<3, 6 | 16<<3, 7 | 31<<3} {
			f.Add(append([]byte{how}, stream...))
		}
	}
	var ports []*fuzzedPort
	for _, io := range rawtest.Backends {
		ports = append(ports, openFuzzed(f, server.Inline, io), openFuzzed(f, server.Dedicated, io))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) == 0 {
			return
		}
		s := newScript(input[0], input[1:min(len(input), mostFuzzed)])
		for _, p := range ports {
			if err := p.play(s); err != nil {
				t.Errorf("%+v: %v", s, err)
			}
		}
	})
}

// fuzzStreams are streams to begin with: right ones, wrong ones, cut ones.
func fuzzStreams() [][]byte {
	source := rawtest.Source{Dim: fuzzDim}
	requests, _ := source.Pipeline(0, 1, 4, 2, 1, 1, 3)
	many, _ := source.Pipeline(6, mixed(200, fuzzVectors)...)
	nan := append(rawtest.Header(1), bytes.Repeat([]byte{1, 0, 0xa0, 0x7f}, fuzzDim)...)
	infinities := append(rawtest.Header(1), "\x00\x00\x80\x7f\x00\x00\x80\xff\x00\x00\x00\x80"...)
	with := func(end ...byte) []byte { return append(bytes.Clone(requests), end...) }
	return [][]byte{
		{}, requests, many, nan, infinities, with(infinities...),
		requests[:len(requests)-1], requests[:5], requests[:3],
		with(rawtest.Header(0)...), with(rawtest.Header(fuzzVectors + 1)...), with(rawtest.Header(1 << 31)...),
		with(append(rawtest.Header(0), requests...)...), bytes.Repeat([]byte{0xff}, 100),
	}
}

// answersTo is the protocol: the answers to the whole requests of a stream up to
// its first violation, and whether there is one.
func answersTo(stream []byte) (answers []byte, violated bool) {
	for len(stream) >= 4 {
		n := binary.LittleEndian.Uint32(stream)
		if n == 0 || n > fuzzVectors {
			return answers, true
		}
		end := 4 + 4*fuzzDim*int(n)
		if len(stream) < end {
			break
		}
		rows, scores := make([]float32, fuzzDim*n), make([]float32, n)
		for i := range rows {
			rows[i] = math.Float32frombits(binary.LittleEndian.Uint32(stream[4+4*i:]))
		}
		if err := (batcher.Sum{}).Score(rows, fuzzDim, scores); err != nil {
			panic(err) // it never fails
		}
		answers = append(answers, stream[:4]...)
		for _, score := range scores {
			answers = binary.LittleEndian.AppendUint32(answers, math.Float32bits(score))
		}
		stream = stream[end:]
	}
	return answers, false
}

// ending is what a client does after its last byte.
type ending byte

const (
	halfCloses ending = iota // and reads to the end
	awaitsEnd                // reads to the end; half-closes only if the server owes it none
	readsHalf                // of the answers, then resets
	resets                   // at once
)

// script is what a client does, as an input says.
type script struct {
	ending ending
	apart  bool // the server answers a neighbour between two pieces
	piece  int  // bytes
	stream []byte
}

func newScript(how byte, stream []byte) script {
	s := script{ending: ending(how & 3), apart: how&4 != 0, piece: int(how >> 3), stream: stream}
	if s.piece == 0 {
		s.piece = max(1, len(stream))
	}
	return s
}

// fuzzedPort is a server and a well-behaved client of its, whose connection lasts
// as long.
type fuzzedPort struct {
	addr      string
	neighbour *loop
	played    int // inputs
}

func openFuzzed(f *testing.F, placement server.BatchThreads, io server.IO) *fuzzedPort {
	s := rawtest.Start(f, func(cfg *server.Config) {
		cfg.Dim, cfg.MaxVectors = fuzzDim, fuzzVectors
		cfg.IOThreads, cfg.BatchThreads, cfg.IO = 1, placement, io
		cfg.RequestRing, cfg.ResponseRing, cfg.PoolBytes = 4, 4, 4*fuzzDim*fuzzVectors
	})
	neighbour := &loop{Client: dial(f, s.Addr), source: rawtest.Source{Dim: fuzzDim, Client: 1}}
	p := &fuzzedPort{addr: s.Addr, neighbour: neighbour}
	f.Cleanup(func() {
		neighbour.Close()
		s.Stop(f)
	})
	return p
}

// play has a client do what s says and the neighbour be served.
func (p *fuzzedPort) play(s script) error {
	if err := p.neighbour.Allow(20 * time.Second); err != nil { // from now: it outlives what a connection may last
		return err
	}
	p.played++
	c, err := rawtest.DialFrom(p.played, p.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := p.send(c, s); err != nil {
		return err
	}
	answers, violated := answersTo(s.stream)
	if err := s.end(c, answers, violated); err != nil {
		return err
	}
	return p.turn()
}

func (p *fuzzedPort) send(c *rawtest.Client, s script) error {
	apart := 0
	for at := 0; at < len(s.stream); at += s.piece {
		if err := c.Send(s.stream[at:min(at+s.piece, len(s.stream))]); err != nil {
			return err
		}
		if apart++; s.apart && apart <= mostApart {
			if err := p.turn(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *fuzzedPort) turn() error {
	if err := p.neighbour.turn(); err != nil {
		return fmt.Errorf("the neighbour: %w", err)
	}
	return nil
}

// end plays the rest of s, once its stream is sent.
func (s script) end(c *rawtest.Client, answers []byte, violated bool) error {
	switch s.ending {
	case readsHalf:
		return errors.Join(c.Expect(answers[:len(answers)/2]), c.Reset())
	case resets:
		return c.Reset()
	case awaitsEnd:
		if violated {
			return errors.Join(c.Expect(answers), c.ExpectEOF())
		}
	}
	return errors.Join(c.CloseWrite(), c.Expect(answers), c.ExpectEOF())
}
