package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/disrust/disrust/wire"
)

// faults says at which response on a connection, from 1 on, a server has which fault. The zero
// value is a server of the model sum without faults.
type faults struct {
	model   float32 // scores are sums times it, of the model triple; 0: the model sum
	outputs int     // scores per row, all alike; 0: one
	version int     // 1: it speaks only version 1 of the protocol
	digest  byte    // the first byte of the identity of the model sum

	wrong  int // a score of this response is off by one
	swap   int // this response and the next are swapped
	extra  int // this response is sent twice
	close  int // the connection is closed in the middle of this response
	silent int // nothing is sent from this response on

	onSilence func() // unless nil, called when the silence begins
	spared    int    // so many connections have no faults, from the first on
}

// serve runs a server for requests of dim features and returns its port. It has its own code
// for frames.
func serve(t testing.TB, dim int, f faults) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for k := 0; ; k++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				if k < f.spared {
					faults{}.answer(conn, dim)
				} else {
					f.answer(conn, dim)
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		conns.Wait()
	})
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func (f faults) answer(conn net.Conn, dim int) {
	in, out := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)
	if word, err := in.Peek(4); err != nil || wire.IsHello(word) && (f.version == 1 || !f.greet(in, conn, dim)) {
		return
	}
	var held []byte // sent after the next response
	for k := 1; ; k++ {
		if in.Buffered() == 0 {
			out.Flush()
		}
		response := f.readAndSum(in, dim)
		if response == nil {
			return
		}
		response, held = append(response, held...), nil
		switch k {
		case f.wrong:
			binary.LittleEndian.PutUint32(response[4:], math.Float32bits(0.5))
		case f.swap:
			held, response = response, nil
		case f.extra:
			response = append(response, response...)
		case f.close:
			out.Write(response[:5])
			out.Flush()
			return
		case f.silent:
			out.Flush()
			if f.onSilence != nil {
				f.onSilence()
			}
			io.Copy(io.Discard, in)
			return
		}
		out.Write(response)
	}
}

// greet answers a hello and reports whether it was welcome.
func (f faults) greet(in io.Reader, out io.Writer, dim int) bool {
	head := make([]byte, wire.PreambleBytes)
	if _, err := io.ReadFull(in, head); err != nil {
		return false
	}
	p, _, _ := wire.ParsePreamble(head)
	body := make([]byte, p.Size)
	if _, err := io.ReadFull(in, body); err != nil {
		return false
	}
	own := wire.Welcome{Format: wire.Format{Dim: dim, Outputs: max(1, f.outputs), MaxVectors: 64}, Model: "sum", Identity: wire.Identity{f.digest}}
	if f.model != 0 {
		own.Model, own.Kind, own.Identity = "triple", wire.Raw, wire.Identity{0xab, 0xcd, 1, 2, 3, 4, 5}
	}
	w := own.Judge(p, body)
	out.Write(wire.AppendWelcome(nil, w))
	return w.Verdict == wire.Welcomed
}

// readAndSum reads the next request and returns its response, or nil at the end of the stream.
func (f faults) readAndSum(in *bufio.Reader, dim int) []byte {
	var word [4]byte
	if _, err := io.ReadFull(in, word[:]); err != nil {
		return nil
	}
	response := word[:]
	if binary.LittleEndian.Uint32(word[:])-1 >= math.MaxUint16 {
		return nil // no count is 0 or that large
	}
	for range binary.LittleEndian.Uint32(word[:]) {
		sum := float32(0)
		row := make([]byte, 4*dim)
		if _, err := io.ReadFull(in, row); err != nil {
			return nil
		}
		for at := 0; at < len(row); at += 4 {
			sum += math.Float32frombits(binary.LittleEndian.Uint32(row[at:]))
		}
		if f.model != 0 {
			sum *= f.model
		}
		for range max(1, f.outputs) {
			response = binary.LittleEndian.AppendUint32(response, math.Float32bits(sum))
		}
	}
	return response
}
