package conformance_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/wire"
)

// reference is a client of few lines, for one connection and one goroutine. It has what the
// protocol demands and nothing that makes it fast.
type reference struct {
	mistakes
	t       testing.TB
	chunk   int // most bytes of a write; 0 means no limit
	part    int // vectors of a part, if a call does not fit in a request; 0 means as many as fit
	task    conformance.Task
	format  wire.Format
	outputs int

	conn     *net.TCPConn
	in       *bufio.Reader
	version  int
	identity wire.Identity
	away     bool
	flying   []part // sent and not answered
	queue    []part // not sent
	round    []outcome
}

// part is the part of a call that fits in a request.
type part struct{ call, at, vectors int }

func (c reference) run(task conformance.Task) (all [][]outcome) {
	c.task, c.version = task, task.Version
	c.format = wire.Format{Dim: task.Server.Dim, Outputs: task.Server.Outputs, MaxVectors: task.Server.MaxVectors}
	if c.outputs = c.format.Outputs; c.assumesOneOutput {
		c.outputs = 1
	}
	for _, calls := range task.Rounds {
		c.round = make([]outcome, len(calls))
		c.enqueue(calls)
		for len(c.queue)+len(c.flying) > 0 {
			c.work(calls)
		}
		all = append(all, c.round)
	}
	if c.conn != nil && !c.leavesOpen {
		c.conn.Close()
	} else if c.conn != nil {
		c.t.Cleanup(func() { c.conn.Close() })
	}
	return all
}

// enqueue splits the calls of a round into parts.
func (c *reference) enqueue(calls []conformance.CallTask) {
	for n, call := range calls {
		c.round[n] = outcome{is: conformance.Scored, row: conformance.UnknownRow}
		c.round[n].scores = make([]float32, len(call.Rows)*c.format.Outputs)
		if len(call.Rows[0]) != c.task.Server.Dim && !c.sendsWrongRows || c.assumesDim && len(call.Rows[0]) != 4 {
			c.round[n] = outcome{is: conformance.NotSent}
			continue
		}
		most := c.format.MaxVectors
		switch {
		case c.neverSplits:
			most = len(call.Rows)
		case c.part > 0 && len(call.Rows) > most:
			most = min(most, c.part)
		}
		for at := 0; at < len(call.Rows); at += most {
			c.queue = append(c.queue, part{n, at, min(most, len(call.Rows)-at)})
		}
	}
}

// work connects if need be, sends what waits, and reads until nothing is in flight or the
// connection has ended.
func (c *reference) work(calls []conformance.CallTask) {
	if c.conn == nil {
		if failed := c.connect(); failed != nil {
			c.endAll(&c.queue, *failed)
			return
		}
	}
	for _, p := range c.queue {
		var rows []float32
		for _, row := range calls[p.call].Rows[p.at : p.at+p.vectors] {
			rows = append(rows, row...)
		}
		c.write(wire.AppendRequest(nil, p.vectors, rows))
	}
	c.flying, c.queue = append(c.flying, c.queue...), nil
	c.setTimeout(calls)
	for len(c.flying) > 0 || c.away || c.in.Buffered() > 0 && !c.takesSpareAnswers {
		if err := c.reply(); err != nil {
			c.ended(err)
			return
		}
	}
}

// write writes b. A failed write shows when the answer is read.
func (c *reference) write(b []byte) {
	for c.chunk > 0 && len(b) > c.chunk {
		c.conn.Write(b[:c.chunk])
		b = b[c.chunk:]
	}
	c.conn.Write(b)
}

func (c *reference) setTimeout(calls []conformance.CallTask) {
	c.conn.SetReadDeadline(time.Now().Add(patience))
	for _, p := range c.flying {
		if millis := calls[p.call].TimeoutMillis; millis > 0 && !c.ignoresTimeouts {
			c.conn.SetReadDeadline(time.Now().Add(time.Duration(millis) * time.Millisecond))
		}
	}
}

// connect makes the connection. It returns an outcome if there is none.
func (c *reference) connect() (failed *outcome) {
	for {
		conn, err := net.Dial("tcp", c.task.Addr)
		if err != nil {
			return &outcome{is: conformance.NoWelcome}
		}
		c.conn, c.in, c.away = conn.(*net.TCPConn), bufio.NewReaderSize(conn, 1<<17), false
		c.conn.SetDeadline(time.Now().Add(time.Duration(c.task.ConnectMillis) * time.Millisecond))
		if c.version == 1 {
			return nil
		}
		w, err := c.greet()
		switch {
		case err == nil && w.Verdict == wire.Welcomed:
			return nil
		case c.retriesRefusal && err == nil:
			conn.Close()
			continue
		case c.fallsBack && err != nil:
			conn.Close()
			c.version = 1
			continue
		}
		conn.Close()
		c.conn = nil
		if err != nil {
			return &outcome{is: conformance.NoWelcome}
		}
		if c.forgetsStatus {
			w.Verdict = wire.Welcomed
		}
		return &outcome{is: conformance.Refused, status: uint16(w.Verdict), sentence: w.Sentence}
	}
}

func (c *reference) greet() (w wire.Welcome, err error) {
	states := c.task.Hello
	if c.statesNothing {
		states = conformance.HelloTask{}
	}
	c.write(wire.AppendHello(nil, wire.Hello{
		Dim: states.Dim, Outputs: states.Outputs, Kind: wire.Kind(states.Kind), MaxVectors: states.MaxVectors, Model: states.Model,
	}))
	head := make([]byte, wire.PreambleBytes)
	if _, err := io.ReadFull(c.in, head); err != nil {
		return w, err
	}
	preamble, _, err := wire.ParsePreamble(head)
	if err != nil {
		return w, err
	}
	if c.limitsWelcome && preamble.Size > 96 {
		return w, errViolation
	}
	body := make([]byte, preamble.Size)
	if c.readsWelcomeAtOnce {
		c.in.Read(body)
	} else if _, err := io.ReadFull(c.in, body); err != nil {
		return w, err
	}
	w, err = wire.ParseWelcome(body)
	if c.ignoresInvalidShape {
		err = nil
	}
	c.identity = w.Identity
	if states.Dim != 0 && w.Verdict == wire.Welcomed && int(states.Dim) != w.Format.Dim && !c.ignoresInvalidShape {
		return w, errViolation
	}
	if c.expectsName && (w.Model != "conformance" || w.Kind > wire.Class) {
		return w, errViolation
	}
	return w, err
}

var errViolation = errors.New("the server broke the protocol")

// reply reads one reply and acts on it. The error is io.EOF if the connection ended between
// two replies.
func (c *reference) reply() error {
	format := c.format
	format.Outputs = c.outputs
	if c.trustsCounts {
		format.MaxVectors = 1 << 10
	}
	r := wire.Reply{Frame: wire.Frame{Status: wire.Incomplete, Bytes: wire.HeaderBytes}}
	var b []byte
	for have := 0; r.Status == wire.Incomplete; {
		b = append(b[:have], make([]byte, r.Bytes)...)
		n, err := c.read(b[have:])
		if have += n; err != nil {
			if err == io.ErrUnexpectedEOF || have > 0 && err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		if r = format.ParseReply(b[:have]); c.version == 1 {
			r = wire.Reply{Frame: format.ParseResponse(b[:have])}
		}
	}
	switch {
	case r.Status == wire.Invalid:
		return errViolation
	case r.Kind == wire.Notice:
		return c.notice(r, b)
	case len(c.flying) == 0:
		return errViolation
	}
	if c.mixesAnswers {
		slices.Reverse(c.flying)
	}
	p := c.flying[0]
	c.flying = c.flying[1:]
	if r.Kind == wire.Failure {
		return c.failed(p, r)
	}
	if r.Vectors != p.vectors && !c.trustsCounts {
		c.flying = append([]part{p}, c.flying...)
		return errViolation
	}
	into := c.round[p.call].scores[p.at*c.format.Outputs:]
	scores := make([]float32, r.Vectors*c.outputs)
	wire.CopyScores(scores, r.Payload(b))
	copy(into, scores)
	c.round[p.call].identity = hex.EncodeToString(c.identity[:])
	return nil
}

func (c *reference) read(b []byte) (int, error) {
	if c.readsAnswersAtOnce {
		n, err := c.in.Read(b)
		if n < len(b) && err == nil {
			n = len(b)
		}
		return n, err
	}
	return io.ReadFull(c.in, b)
}

func (c *reference) failed(p part, r wire.Reply) error {
	if r.Code == wire.CountDenied {
		c.flying = append([]part{p}, c.flying...)
		return errViolation
	}
	row := conformance.UnknownRow
	if r.Code <= wire.ModelPanic && r.Detail != wire.NoRow {
		if row = p.at + int(r.Detail); c.forgetsPart {
			row = int(r.Detail)
		}
	}
	is := outcome{is: conformance.Failed, code: r.Code, row: row}
	c.round[p.call] = c.keepFailure(p.call, is)
	if c.failsNeighbours {
		c.endAll(&c.flying, is)
		return errViolation
	}
	if c.resendsFailed {
		c.resendsFailed = false
		c.queue = append(c.queue, p)
	}
	return nil
}

// keepFailure keeps the first failure of a call. Its other parts still come.
func (c *reference) keepFailure(call int, is outcome) outcome {
	if c.round[call].is != conformance.Scored {
		return c.round[call]
	}
	is.scores = c.round[call].scores
	return is
}

func (c *reference) notice(r wire.Reply, b []byte) error {
	switch {
	case c.ignoresNotices:
	case r.Code == wire.GoingAway && c.closesAtOnce:
		return io.EOF
	case r.Code == wire.GoingAway && len(r.Notice(b)) > 0:
		return errViolation
	case r.Code == wire.GoingAway:
		if c.away = true; !c.neverHalfCloses {
			c.conn.CloseWrite()
		}
	case r.Code == wire.AnotherModel:
		if copy(c.identity[:], r.Notice(b)) != wire.IdentityBytes {
			return errViolation
		}
	case c.rejectsNotices:
		return errViolation
	case c.skipsNoPayload:
		c.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(slices.Clone(r.Notice(b))), c.in), 1<<17)
	}
	return nil
}

// ended closes the connection. What was in flight moves or is lost.
func (c *reference) ended(err error) {
	timedOut := errors.Is(err, os.ErrDeadlineExceeded)
	if timedOut && c.keepsLateAnswers {
		c.endAll(&c.flying, outcome{is: conformance.TimedOut})
		return
	}
	c.conn.Close()
	c.conn, c.away = nil, false
	switch {
	case c.takesEndForAnswer:
		c.flying = nil
	case timedOut:
		c.endAll(&c.flying, outcome{is: conformance.TimedOut})
	case c.resendsLost, err == io.EOF && c.version == 2:
		c.queue, c.flying = append(c.flying, c.queue...), nil
	default:
		c.endAll(&c.flying, outcome{is: conformance.Lost})
	}
}

// endAll ends the calls of all these parts.
func (c *reference) endAll(parts *[]part, is outcome) {
	for _, p := range *parts {
		c.round[p.call] = c.keepFailure(p.call, is)
	}
	*parts = nil
}
