//go:build linux

package server_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/wire"
)

// The format of the fuzzed port is small, so that random bytes are often requests. A stream
// is shorter than the kernel's buffers, so that a client can send all of it before it reads
// the first answer.
const (
	fuzzDim     = 3
	fuzzVectors = 4
	maxFuzzed   = 1 << 14 // bytes of a stream
	maxApart    = 32      // pieces that the server is sure to receive one by one
)

// FuzzPort sends bytes to live ports, one per placement and backend, with the smallest
// rings and pools. Whatever the bytes are and however they are cut, the server must answer
// as answersTo says, and serve a neighbour all the while.
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
		s := newScript(input[0], input[1:min(len(input), maxFuzzed)])
		for _, p := range ports {
			if err := p.play(s); err != nil {
				t.Errorf("%+v: %v", s, err)
			}
		}
	})
}

// fuzzStreams returns the seed corpus: streams that are valid, broken or cut.
func fuzzStreams() [][]byte {
	source := rawtest.Source{Dim: fuzzDim}
	requests, _ := source.Pipeline(0, 1, 4, 2, 1, 1, 3)
	many, _ := source.Pipeline(6, mixed(200, fuzzVectors)...)
	nan := append(rawtest.Header(1), bytes.Repeat([]byte{1, 0, 0xa0, 0x7f}, fuzzDim)...)
	infinities := append(rawtest.Header(1), "\x00\x00\x80\x7f\x00\x00\x80\xff\x00\x00\x00\x80"...)
	with := func(end ...byte) []byte { return append(bytes.Clone(requests), end...) }
	hello := rawtest.Hello(fuzzDim, 1, 1, fuzzVectors, "sum")
	longer := append(bytes.Clone(hello), bytes.Repeat([]byte{7}, 40)...)
	longer[6] += 40
	return [][]byte{
		{}, requests, many, nan, infinities, with(infinities...),
		requests[:len(requests)-1], requests[:5], requests[:3],
		with(rawtest.Header(0)...), with(rawtest.Header(fuzzVectors + 1)...), with(rawtest.Header(1 << 31)...),
		with(append(rawtest.Header(0), requests...)...), bytes.Repeat([]byte{0xff}, 100),
		hello, slices.Concat(hello, requests), slices.Concat(hello, many, hello), slices.Concat(hello, requests, rawtest.Header(0)),
		slices.Concat(longer, many), longer[:len(longer)-1], hello[:7], with(hello...),
		slices.Concat(rawtest.Hello(fuzzDim+1, 0, 0, 0, ""), many), slices.Concat(rawtest.Hello(0, 0, 0, 0, "x"), requests),
		[]byte("DIS2\x01\x00\x00\x00"), []byte("DIS2\x02\x00\x03\x00abc"), []byte("DIS2\x03\x00\x18\x00" + string(hello[8:])),
	}
}

// answersTo is a model of the protocol. It returns what a server sends to a client with this
// stream, and whether the server then ends the connection.
func answersTo(stream []byte) (answers []byte, ends bool) {
	if !bytes.HasPrefix(stream, []byte("DIS2")) {
		answers, _, ends = scoresOf(stream)
		return answers, ends
	}
	if len(stream) < 8 {
		return nil, false
	}
	p := wire.Preamble{Version: int(binary.LittleEndian.Uint16(stream[4:])), Size: int(binary.LittleEndian.Uint16(stream[6:]))}
	if len(stream) < 8+p.Size {
		return nil, false
	}
	own := wire.Welcome{Format: wire.Format{Dim: fuzzDim, Outputs: 1, MaxVectors: fuzzVectors}, Kind: wire.Raw, Model: "sum"}
	w := own.Judge(p, stream[8:8+p.Size]) // package wire tests Judge
	welcome := wire.AppendWelcome(nil, w)
	if w.Verdict != wire.Welcomed {
		return welcome, true
	}
	answers, count, ends := scoresOf(stream[8+p.Size:])
	if answers = append(welcome, answers...); ends {
		answers = append(answers, rawtest.Failure(3, count)...)
	}
	return answers, ends
}

// scoresOf returns the answers to the whole requests of a stream up to the first count that is
// not allowed. It returns that count, and whether there is one.
func scoresOf(stream []byte) (answers []byte, count uint32, violated bool) {
	for len(stream) >= 4 {
		n := binary.LittleEndian.Uint32(stream)
		if n == 0 || n > fuzzVectors {
			return answers, n, true
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
	return answers, 0, false
}

// ending is what a client does after its last byte.
type ending byte

const (
	halfCloses ending = iota // half-closes and reads to EOF
	awaitsEnd                // reads to EOF; half-closes first, unless the server must close
	readsHalf                // reads half of the answers, then resets
	resets                   // resets at once
)

// script is what a client does. It is decoded from an input of the fuzzer.
type script struct {
	ending ending
	apart  bool // the neighbour gets an answer between two pieces
	piece  int  // bytes per write
	stream []byte
}

func newScript(how byte, stream []byte) script {
	s := script{ending: ending(how & 3), apart: how&4 != 0, piece: int(how >> 3), stream: stream}
	if s.piece == 0 {
		s.piece = max(1, len(stream))
	}
	return s
}

// fuzzedPort is a server and a well-behaved client, whose connection stays open for as long
// as the server runs.
type fuzzedPort struct {
	addr      string
	neighbour *loop
	played    int // inputs so far
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

// play does what s says, and then checks that the server serves the neighbour.
func (p *fuzzedPort) play(s script) error {
	if err := p.neighbour.Allow(20 * time.Second); err != nil { // a new deadline for each input: the connection outlives the first one
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
		if apart++; s.apart && apart <= maxApart {
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

// end plays the ending of s, after its stream is sent.
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
