package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/live"
	"github.com/disrust/disrust/client/tools/rowfile"
)

const (
	// scoringBytes bounds how much of a file is in flight, unless a single request is
	// larger. It is enough that no connection waits for the file.
	scoringBytes = 16 << 20
	// scoringEach is the most requests in flight per connection.
	scoringEach = 8
	// scoringRetry is how many times a request is retried over another connection.
	scoringRetry = 3
)

// score scores a file through the client library.
func score(ctx context.Context, o *options, s streams) (err error) {
	if err := o.agree(ctx); err != nil {
		return err
	}
	rows, err := rowfile.Open(o.files[0], o.format.Dim)
	if err != nil {
		return misuse{err}
	}
	defer rows.Close()
	if err := o.checkScores(s); err != nil {
		return misuse{err}
	}
	cfg := o.client(o.conns.low)
	cfg.Retry = scoringRetry
	c, err := o.dial(ctx, cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	out, err := o.scoresFile(s)
	if err != nil {
		return misuse{fmt.Errorf("cannot write: %w", err)}
	}
	defer func() { err = both(err, out.Close()) }()
	counter := live.NewCounter(s.stderr, watched(s.stderr), rows.Rows, "rows")
	defer counter.Done()
	return o.newScoring(ctx, c, rows, out, counter).run()
}

// checkScores returns an error if the scores would go to a terminal or overwrite the rows.
func (o *options) checkScores(s streams) error {
	if o.out == "" {
		if watched(s.stdout) {
			return errors.New("scores are no text for a terminal; send them to a file, with > or --out")
		}
		return nil
	}
	from, _ := os.Stat(o.files[0])
	if to, err := os.Stat(o.out); err == nil && os.SameFile(from, to) {
		return fmt.Errorf("%s holds the rows: scores would destroy them", o.out)
	}
	return nil
}

// scoresFile opens the file that scores are written to. It runs only after the client has
// connected, so that older scores survive when there is no server.
func (o *options) scoresFile(s streams) (io.WriteCloser, error) {
	if o.out == "" {
		return noClose{s.stdout}, nil
	}
	return os.Create(o.out)
}

// noClose is a writer that its user does not own: Close does nothing.
type noClose struct{ io.Writer }

func (noClose) Close() error { return nil }

// scoring sends the rows of a file through a client. It holds a ring of calls. It awaits the
// oldest call and writes its scores before it uses the call again. Scores thus keep the order
// of their rows, and memory does not grow beyond the ring.
type scoring struct {
	ctx      context.Context
	c        *client.Client
	in       *rowfile.File
	out      *bufio.Writer
	counter  *live.Counter
	rowBytes int64

	ring    []*client.Call
	started int   // calls started
	awaited int   // calls awaited
	left    int64 // rows not read yet
	written int64 // scores written
	encoded []byte
}

func (o *options) newScoring(ctx context.Context, c *client.Client, in *rowfile.File, out io.Writer, counter *live.Counter) *scoring {
	size := o.format.MaxVectors * o.format.RowBytes()
	calls := max(1, min(scoringEach*o.conns.low, scoringBytes/size))
	s := &scoring{
		ctx: ctx, c: c, in: in, out: bufio.NewWriterSize(out, 64<<10), counter: counter,
		rowBytes: int64(o.format.RowBytes()), ring: make([]*client.Call, calls), left: in.Rows,
	}
	for i := range s.ring {
		s.ring[i] = &client.Call{Dst: make([]float32, o.format.MaxVectors), Bytes: make([]byte, size)}
	}
	return s
}

// run scores all rows.
func (s *scoring) run() error {
	if s.in.NPY {
		s.out.Write(rowfile.AppendHeader(nil, s.in.Rows)) // Flush returns the error
	}
	err := s.pass()
	if s.ctx.Err() != nil && err != nil {
		err = errors.New("interrupted")
	}
	s.abandon()
	if failed := s.out.Flush(); failed != nil {
		return fmt.Errorf("cannot write scores: %w", failed)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; %d of %d rows are scored and written", err, s.written, s.in.Rows)
}

func (s *scoring) pass() error {
	for s.left > 0 || s.awaited < s.started {
		if s.left == 0 || s.started-s.awaited == len(s.ring) {
			if err := s.finish(); err != nil {
				return err
			}
			continue
		}
		if err := s.start(); err != nil {
			return err
		}
	}
	return nil
}

// start reads the next rows and sends them.
func (s *scoring) start() error {
	call := s.ring[s.started%len(s.ring)]
	n := min(s.left, int64(cap(call.Dst)))
	call.Dst, call.Bytes = call.Dst[:n], call.Bytes[:n*s.rowBytes]
	if _, err := io.ReadFull(s.in, call.Bytes); err != nil {
		return fmt.Errorf("cannot read rows: %w", err)
	}
	s.c.Start(call)
	s.started++
	s.left -= n
	return nil
}

// finish awaits the oldest call and writes its scores.
func (s *scoring) finish() error {
	call := s.ring[s.awaited%len(s.ring)]
	s.awaited++
	if err := call.Wait(s.ctx); err != nil {
		return unanswered(err)
	}
	s.encoded = s.encoded[:0]
	for _, v := range call.Dst {
		s.encoded = binary.LittleEndian.AppendUint32(s.encoded, math.Float32bits(v))
	}
	if _, err := s.out.Write(s.encoded); err != nil {
		return fmt.Errorf("cannot write scores: %w", err)
	}
	s.written += int64(len(call.Dst))
	s.counter.Add(int64(len(call.Dst)))
	return nil
}

// abandon releases the calls in flight without waiting for their answers.
func (s *scoring) abandon() {
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	for ; s.awaited < s.started; s.awaited++ {
		_ = s.ring[s.awaited%len(s.ring)].Wait(ended)
	}
}
