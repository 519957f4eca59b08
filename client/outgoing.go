package client

import (
	"io"
	"net"

	"github.com/disrust/disrust/wire"
)

// gatherBytes is the size at which a write takes no more requests. So many bytes
// share the fixed cost of a write that more would not make it cheaper.
const gatherBytes = 128 << 10

// outgoing is one write: the rest of the request in which the last write ended, if
// any, and then whole requests. A small request is copied. Of a large one only the
// header is copied, and the write refers to the caller's rows.
type outgoing struct {
	pieces   [][]byte // what to write, in order
	size     int      // bytes of all pieces
	requests []sending
	left     net.Buffers // the part of pieces that is not yet written

	copied   []byte // headers, and the rows of small requests
	inPieces int    // copied[inPieces:] is not yet in pieces
	rest     []byte // the first piece, if not empty
}

// sending is a request in a write.
type sending struct {
	request
	end         int // where the request ends, in bytes from the start of the write
	byReference bool
}

// reset begins a new write with rest, if there is one.
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

// add appends r to the write of l, unless its call has ended.
func (o *outgoing) add(r request, l *link, format wire.Format) (added bool) {
	f := r.flight
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	f.begun++
	before := len(o.copied)
	rows := f.payload.byReference(r.at, r.vectors, format)
	if rows == nil {
		o.copied = f.payload.appendTo(o.copied, r.at, r.vectors, format)
	} else {
		f.readers = append(f.readers, l)
		o.copied = wire.AppendHeader(o.copied, r.vectors)
		o.cut()
		o.pieces = append(o.pieces, rows)
	}
	o.size += len(o.copied) - before + len(rows)
	o.requests = append(o.requests, sending{r, o.size, rows != nil})
	return true
}

// cut makes a piece of the bytes copied since the last cut. The piece stays valid
// when append moves copied, because copied bytes never change.
func (o *outgoing) cut() {
	if o.inPieces < len(o.copied) {
		o.pieces = append(o.pieces, o.copied[o.inPieces:])
		o.inPieces = len(o.copied)
	}
}

// writeTo writes all pieces and returns how many bytes it has written.
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

// begun returns how many of the requests have at least one byte among the first n
// bytes of the write.
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

// keepRest is called after a write of n bytes. If they end within a request, it
// copies the unwritten part of that request to rest.
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
