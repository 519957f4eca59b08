package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/tools/outfile"
	"github.com/disrust/disrust/client/tools/progress"
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

// score scores a file through the client library. It writes all scores, or none: they are held
// until the last has come.
func score(ctx context.Context, o *options, s streams) error {
	if err := o.agree(ctx); err != nil {
		return err
	}
	rows, err := rowfile.Open(o.files[0], o.format.Dim)
	if err != nil {
		return misuse{err}
	}
	defer rows.Close()
	out, err := o.scoresFile(s)
	if err != nil {
		return misuse{err}
	}
	defer out.Discard()
	if o.protocol == 1 {
		if err := o.checkDim(ctx); err != nil {
			return err
		}
	}
	cfg := o.client(o.conns.low)
	cfg.Retry = scoringRetry
	c, err := o.dial(ctx, cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	counter := progress.NewCounter(s.stderr, progress.IsWatched(s.stderr), rows.Rows, "rows")
	defer counter.Done()
	if err := o.newScoring(ctx, c, rows, out, counter).run(); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return fmt.Errorf("cannot write scores: %w", err)
	}
	return nil
}

// scoresFile begins the file of the scores. It returns an error if the scores would go to a
// terminal or replace the rows.
func (o *options) scoresFile(s streams) (*outfile.File, error) {
	if o.out == "" {
		if progress.IsWatched(s.stdout) {
			return nil, errors.New("scores are no text for a terminal; send them to a file, with > or --out")
		}
		return outfile.Hold(s.stdout)
	}
	if outfile.Same(o.files[0], o.out) {
		return nil, fmt.Errorf("%s holds the rows: scores would destroy them", o.out)
	}
	target, err := outfile.Open(o.out)
	if err != nil {
		return nil, fmt.Errorf("cannot write: %w", err)
	}
	return target.Create()
}

// checkDim returns an error unless the server's rows have --dim features. Version 1 of the protocol
// does not say so, and a server of another dim may answer each request with a wrong score. Two
// requests of a row of zeros show it: a server whose rows are shorter or longer takes a zero for
// the count of the next request, and closes, or it waits for the rest of a row.
func (o *options) checkDim(ctx context.Context) error {
	const trials = 2
	requests, err := drive.Replay(o.format, make([]byte, o.format.RowBytes()), drive.Uniform(1), o.seed)
	if err != nil {
		return misuse{err}
	}
	connected := false
	total, err := drive.Run(ctx, drive.Config{
		Addr: o.addr(), Conns: 1, Window: trials, Requests: requests, Quota: trials, Stall: o.stall,
		OnStart: func() { connected = true },
	})
	switch {
	case err != nil && connected:
		return fmt.Errorf("a trial of %d rows of zeros failed: %w", trials, o.unanswered(err))
	case err != nil:
		return err
	}
	return o.interrupted(total, trials)
}

// scoring sends the rows of a file through a client. It holds a ring of calls. It awaits the
// oldest call and writes its scores before it uses the call again. Scores thus keep the order
// of their rows, and memory does not grow beyond the ring.
type scoring struct {
	options  *options
	ctx      context.Context
	c        *client.Client
	in       *rowfile.File
	out      *bufio.Writer
	counter  *progress.Counter
	rowBytes int64
	outputs  int // scores per row

	ring    []*client.Call
	started int   // calls started
	awaited int   // calls awaited
	left    int64 // rows not read yet
	scored  int64 // rows scored
	encoded []byte
}

func (o *options) newScoring(ctx context.Context, c *client.Client, in *rowfile.File, out io.Writer, counter *progress.Counter) *scoring {
	size := o.format.MaxVectors * o.format.RowBytes()
	calls := max(1, min(scoringEach*o.conns.low, scoringBytes/size))
	s := &scoring{
		options: o, ctx: ctx, c: c, in: in, out: bufio.NewWriterSize(out, 64<<10), counter: counter,
		rowBytes: int64(o.format.RowBytes()), outputs: o.format.Outputs, ring: make([]*client.Call, calls), left: in.Rows,
	}
	for i := range s.ring {
		s.ring[i] = &client.Call{Dst: make([]float32, o.format.MaxVectors*o.format.Outputs), Bytes: make([]byte, size)}
	}
	return s
}

// run scores all rows.
func (s *scoring) run() error {
	if s.in.NPY {
		s.out.Write(rowfile.AppendHeader(nil, s.in.Rows, s.outputs)) // Flush returns the error
	}
	err := s.pass()
	if err == nil {
		err = s.sameModel()
	}
	if s.ctx.Err() != nil && err != nil {
		err = errors.New("interrupted")
	}
	s.abandon()
	if err != nil {
		return fmt.Errorf("%w; %d of %d rows were scored, and nothing is written", err, s.scored, s.in.Rows)
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("cannot write scores: %w", err)
	}
	return nil
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

// sameModel returns an error if a server has stated another model than the one that agree found.
// A server that was restarted meanwhile may have one, and scores of two models are no result.
func (s *scoring) sameModel() error {
	agreed := s.options.server
	for _, server := range s.c.Servers() {
		if s.options.protocol > 1 && (server.Identity != agreed.Identity || server.ModelName != agreed.Model) {
			return errors.New("the server has changed its model meanwhile")
		}
	}
	return nil
}

// start reads the next rows and sends them.
func (s *scoring) start() error {
	call := s.ring[s.started%len(s.ring)]
	n := min(s.left, int64(cap(call.Dst)/s.outputs))
	call.Dst, call.Bytes = call.Dst[:n*int64(s.outputs)], call.Bytes[:n*s.rowBytes]
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
		return s.options.unanswered(err)
	}
	s.encoded = s.encoded[:0]
	for _, v := range call.Dst {
		s.encoded = binary.LittleEndian.AppendUint32(s.encoded, math.Float32bits(v))
	}
	if _, err := s.out.Write(s.encoded); err != nil {
		return fmt.Errorf("cannot write scores: %w", err)
	}
	rows := int64(len(call.Dst) / s.outputs)
	s.scored += rows
	s.counter.Add(rows)
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
