package conformance

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"time"

	"github.com/disrust/disrust/wire"
)

// peer is the server's end of one connection. One goroutine uses it.
type peer struct {
	*net.TCPConn
	run    *run
	number int // of the connection, from 1
	in     *bufio.Reader

	pending   []request // received, not answered, oldest first
	lastRound int       // after the notice going away: the last round that may come here
	sentFIN   bool
	piece     int // size of a write; 0 means all at once
}

// errClosed ends a script because the client has closed the connection. That alone is no
// fault. If it was wrong, the outcomes of the calls show it.
var errClosed = errors.New("the client has closed the connection")

// errFault ends a script after a fault, and errReset after the server's reset.
var (
	errFault = errors.New("fault noted")
	errReset = errors.New("reset")
)

// piecePause separates the pieces of a write.
const piecePause = 200 * time.Microsecond

func newPeer(r *run, conn *net.TCPConn, number int) *peer {
	return &peer{TCPConn: conn, run: r, number: number, in: bufio.NewReader(conn), lastRound: math.MaxInt}
}

// play does the steps, then serves without mistakes, and ends the connection in order. It
// returns when the client has closed too.
func (p *peer) play(steps []Step) {
	defer p.Close()
	for _, step := range steps {
		p.note("%s", step.Text)
		if err := step.do(p); err != nil {
			p.end(err)
			return
		}
	}
	if err := p.serve(); err != nil {
		p.end(err)
		return
	}
	p.end(p.awaitClose("after the server's FIN"))
}

// end settles the unanswered requests when a script has ended early.
func (p *peer) end(err error) {
	if errors.Is(err, errClosed) {
		p.note("%v", err)
	}
	p.settle(errClosed.Error())
}

// serve answers all requests until the client's FIN, and sends FIN.
func (p *peer) serve() error {
	for !p.sentFIN {
		if err := p.answer(len(p.pending)); err != nil {
			return err
		}
		switch err := p.receive(time.Time{}, "a request"); {
		case errors.Is(err, errClosed):
			return p.fin()
		case err != nil:
			return err
		}
	}
	return nil
}

// receive reads a request until deadline. The error is errClosed if the client's FIN or
// reset comes instead.
func (p *peer) receive(deadline time.Time, what string) error {
	format := p.run.scenario.Serves.Format
	header, err := p.read(wire.HeaderBytes, deadline, what)
	if err != nil {
		return err
	}
	count := binary.LittleEndian.Uint32(header)
	if count < 1 || uint64(count) > uint64(format.MaxVectors) {
		return p.fault("the client sent the count %d (%#x): 1 to %d is allowed", count, count, format.MaxVectors)
	}
	payload, err := p.read(int(count)*format.RowBytes(), deadline, what)
	if err != nil {
		return err
	}
	r, ok := p.run.ledger.receive(p.number, payload, p.lastRound)
	if !ok {
		return errFault
	}
	p.pending = append(p.pending, r)
	return nil
}

// read reads size bytes until deadline; the zero deadline is none. what names the bytes in a
// fault.
func (p *peer) read(size int, deadline time.Time, what string) ([]byte, error) {
	b := make([]byte, size)
	p.SetReadDeadline(deadline)
	n, err := io.ReadFull(p.in, b)
	switch {
	case err == nil:
		return b, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, p.fault("waited for %s: %d of %d bytes have come", what, n, size)
	}
	return nil, fmt.Errorf("%w after %d of %d bytes of %s", errClosed, n, size, what)
}

// answer answers the oldest n pending requests, in one write.
func (p *peer) answer(n int) error {
	var b []byte
	for _, r := range p.pending[:n] {
		b = append(b, p.run.ledger.reply(r)...)
	}
	p.pending = p.pending[n:]
	return p.send(b)
}

// send writes b, in pieces if the script says so.
func (p *peer) send(b []byte) error {
	p.SetWriteDeadline(time.Now().Add(p.run.patience))
	for len(b) > 0 {
		size := len(b)
		if p.piece > 0 {
			size = min(size, p.piece)
			time.Sleep(piecePause) // so that the client is likely to read each piece alone; nothing waits for it
		}
		if _, err := p.Write(b[:size]); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return p.fault("waited until the client reads: %d bytes are left to send", len(b))
			}
			return fmt.Errorf("%w, %d bytes are left to send", errClosed, len(b))
		}
		b = b[size:]
	}
	return nil
}

// fin ends the connection in order. The client may send unanswered requests again.
func (p *peer) fin() error {
	p.settle("")
	p.sentFIN = true
	if p.CloseWrite() != nil {
		return errClosed
	}
	return nil
}

// settle settles the unanswered requests, as the ledger does. The caller must call it before
// it lets the client know, because the client may send them again at once.
func (p *peer) settle(why string) {
	p.run.ledger.settle(p.pending, why)
	p.pending = nil
}

// awaitFIN answers nothing until the client has half-closed. It takes in the requests that
// come before the FIN.
func (p *peer) awaitFIN() error {
	deadline := p.run.deadline()
	for {
		err := p.receive(deadline, "the client's FIN")
		if errors.Is(err, errClosed) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// awaitClose reads and drops until the client closes. why says in a fault when the client
// must close.
func (p *peer) awaitClose(why string) error {
	p.SetReadDeadline(p.run.deadline())
	if _, err := io.Copy(io.Discard, p.in); errors.Is(err, os.ErrDeadlineExceeded) {
		return p.fault("waited until the client closes its side, %s", why)
	}
	return nil
}

func (p *peer) fault(format string, a ...any) error {
	if !p.run.isOver() { // the deadline of a connection that is torn down is no fault of the client
		p.run.ledger.fault(p.number, format, a...)
	}
	return errFault
}

func (p *peer) note(format string, a ...any) { p.run.ledger.note(p.number, format, a...) }
