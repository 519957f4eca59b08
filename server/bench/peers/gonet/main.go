// Command gonet serves disrust's protocol in the way Go servers are usually written: package
// net, a goroutine for each connection, and buffered reads and writes. It flushes when the
// read buffer holds no further request, so that pipelined requests share their system calls.
package main

import (
	"bufio"
	"log"
	"net"

	"github.com/disrust/disrust/server/bench/internal/serving"
	"github.com/disrust/disrust/wire"
)

const (
	readBytes  = 128 << 10 // more than the largest request, which Peek must return whole
	writeBytes = 16 << 10
)

func main() {
	listener := serving.Listen()
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}

// serve answers requests on conn until the client ends it or breaks the protocol.
func serve(conn net.Conn) {
	defer conn.Close()
	r, w := bufio.NewReaderSize(conn, readBytes), bufio.NewWriterSize(conn, writeBytes)
	defer w.Flush()
	var scorer serving.Scorer
	var out []byte
	for {
		payload, err := next(r, w)
		if err != nil || payload == nil {
			return
		}
		scores := scorer.Score(payload)
		out = wire.AppendResponse(out[:0], len(scores), scores)
		if _, err := w.Write(out); err != nil {
			return
		}
		if _, err := r.Discard(wire.HeaderBytes + len(payload)); err != nil {
			return
		}
	}
}

// next waits for a whole request and returns its rows, or nil if the client breaks the
// protocol. It flushes before it waits.
func next(r *bufio.Reader, w *bufio.Writer) ([]byte, error) {
	for {
		buffered, err := r.Peek(r.Buffered())
		if err != nil {
			return nil, err
		}
		frame := wire.Default.ParseRequest(buffered)
		switch frame.Status {
		case wire.Complete:
			return buffered[wire.HeaderBytes:frame.Bytes], nil
		case wire.Invalid:
			return nil, nil
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		if _, err := r.Peek(len(buffered) + frame.Bytes); err != nil {
			return nil, err
		}
	}
}
