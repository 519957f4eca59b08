package client

import (
	"io"
	"net"
)

// gatherBytes is when a write is large enough: what it costs beyond its bytes
// is shared by so many that more would not show.
const gatherBytes = 128 << 10

// outgoing is one write: the rest of a request that the last one broke off,
// then whole requests. Small ones are copied, of others only the header.
type outgoing struct {
	pieces   [][]byte // the stream
	size     int      // of all pieces
	requests []sending
	left     net.Buffers // pieces less what is written

	copied   []byte // what is not referred to where it is
	inPieces int    // copied[inPieces:] belongs after the last piece
	rest     []byte // first piece, if not empty
}

// sending is a request in a write, which it leaves at end.
type sending struct {
	request
	end         int
	byReference bool
}

// reset begins a new write. rest is kept.
func (o *outgoing) reset() {
	clear(o.pieces)
	clear(o.requests)
	o.pieces, o.requests = o.pieces[:0], o.requests[:0]
	o.copied, o.inPieces = o.copied[:0], 0
	if o.size = len(o.rest); o.size > 0 {
		o.pieces = append(o.pieces, o.rest)
	}
}

// full reports whether the write is large enough.
func (o *outgoing) full() bool { return o.size >= gatherBytes }

// add puts r at the end, on behalf of l, unless its call has ended.
func (o *outgoing) add(r request, l *link, dim int) (added bool) {
	f := r.flight
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	f.begun++
	before := len(o.copied)
	rows := f.payload.byReference(r.at, r.vectors, dim)
	if rows == nil {
		o.copied = f.payload.appendTo(o.copied, r.at, r.vectors, dim)
	} else {
		f.readers = append(f.readers, l)
		o.copied = appendHeader(o.copied, r.vectors)
		o.cut()
		o.pieces = append(o.pieces, rows)
	}
	o.size += len(o.copied) - before + len(rows)
	o.requests = append(o.requests, sending{r, o.size, rows != nil})
	return true
}

// cut makes what was copied since the last cut a piece. It stays valid when
// copied grows and moves: nothing copied is ever changed.
func (o *outgoing) cut() {
	if o.inPieces < len(o.copied) {
		o.pieces = append(o.pieces, o.copied[o.inPieces:])
		o.inPieces = len(o.copied)
	}
}

// writeTo writes all pieces and returns how much was written.
func (o *outgoing) writeTo(w io.Writer) (n int, err error) {
	o.cut()
	if len(o.pieces) == 1 {
		n, err = w.Write(o.pieces[0])
		o.pieces[0] = o.pieces[0][n:]
		o.left = o.pieces
		return n, err
	}
	o.left = o.pieces
	written, err := o.left.WriteTo(w)
	return int(written), err
}

// begun returns how many requests the first n bytes have begun.
func (o *outgoing) begun(n int) int {
	start := len(o.rest)
	for k, r := range o.requests {
		if start >= n {
			return k
		}
		start = r.end
	}
	return len(o.requests)
}

// keepRest copies what is unwritten, after n bytes, of the request that they
// end in.
func (o *outgoing) keepRest(n int) {
	missing := max(len(o.rest)-n, 0)
	if b := o.begun(n); b > 0 {
		missing = o.requests[b-1].end - n
	}
	o.rest = o.rest[:0]
	for _, piece := range o.left {
		part := piece[:min(missing, len(piece))]
		o.rest = append(o.rest, part...)
		missing -= len(part)
	}
	o.left = nil
}
