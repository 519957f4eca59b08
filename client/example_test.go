package client_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/wire"
)

func Example() {
	addr := exampleServer() // with a real server: "127.0.0.1:9900"

	ctx := context.Background()
	c, err := client.Dial(ctx, client.Config{Addrs: []string{addr}})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	rows := []float32{
		1, 2,
		30, 40,
		-5, 5,
	}
	scores := make([]float32, 3) // with more outputs per vector, times c.Servers()[0].Outputs
	if err := c.Score(ctx, scores, rows); err != nil {
		log.Fatal(err)
	}
	fmt.Println(scores)
	// Output: [3 70 0]
}

// With several servers, a time limit for every call, and requests sent again when a server
// dies, a caller gets an error only if all servers are down or too slow.
func Example_severalServers() {
	c, err := client.Dial(context.Background(), client.Config{
		Addrs:   []string{exampleServer(), exampleServer()},
		Conns:   2,
		Timeout: 5 * time.Second,
		Retry:   3,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	scores := make([]float32, 1)
	err = c.Score(context.Background(), scores, []float32{4, 5})
	var unavailable *client.Unavailable
	switch {
	case err == nil:
		fmt.Println(scores)
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("too slow")
	case errors.As(err, &unavailable):
		fmt.Println("all down:", unavailable.Errs)
	default:
		fmt.Println(err)
	}
	// Output: [9]
}

// One goroutine keeps four calls in flight and uses each Call again when it has ended.
func ExampleClient_Start() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Config{Addrs: []string{exampleServer()}})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	const inFlight, total = 4, 100
	done := make(chan *client.Call, inFlight)
	next, sum := 0, float32(0)
	start := func(call *client.Call) {
		call.Rows[0] = float32(next)
		next++
		c.Start(call)
	}
	for range inFlight {
		start(&client.Call{Dst: make([]float32, 1), Rows: make([]float32, 2), Done: done})
	}
	for range total {
		call := <-done
		if err := call.Wait(ctx); err != nil {
			log.Fatal(err)
		}
		sum += call.Dst[0]
		if next < total {
			start(call)
		}
	}
	fmt.Println(sum)
	// Output: 4950
}

// What the Client expects may stand in its Config. A server that serves something else refuses the
// connection, and the error names both.
func ExampleConfig() {
	_, err := client.Dial(context.Background(), client.Config{
		Addrs: []string{exampleServer()}, // a server of two features per vector
		Dim:   3,
	})
	var refused *client.Refused
	if errors.As(err, &refused) {
		fmt.Println(refused.Verdict == wire.WrongDim, refused.Asked.Dim, refused.Server.Format.Dim)
		fmt.Println(refused.Server.Sentence)
	}
	// Output:
	// true 3 2
	// the client expects dim 3, the model has dim 2
}

// The server says what it serves.
func ExampleServer() {
	c, err := client.Dial(context.Background(), client.Config{Addrs: []string{exampleServer()}})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	for _, s := range c.Servers() {
		fmt.Printf("%q: %d features, %d output (%v)\n", s.ModelName, s.Dim, s.Outputs, s.Kind)
	}
	// Output: "sums": 2 features, 1 output (raw)
}

// exampleServer answers each row of two features with its sum.
func exampleServer() (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerSums(conn)
		}
	}()
	return listener.Addr().String()
}

func answerSums(conn net.Conn) {
	defer conn.Close()
	preamble := make([]byte, wire.PreambleBytes)
	io.ReadFull(conn, preamble)
	hello, _, err := wire.ParsePreamble(preamble)
	if err != nil {
		return
	}
	body := make([]byte, hello.Size)
	io.ReadFull(conn, body)
	own := wire.Welcome{Format: wire.Format{Dim: 2, Outputs: 1, MaxVectors: 64}, Kind: wire.Raw, Model: "sums"}
	welcome := own.Judge(hello, body)
	conn.Write(wire.AppendWelcome(nil, welcome))
	if welcome.Verdict != wire.Welcomed {
		return
	}
	var count uint32
	for binary.Read(conn, binary.LittleEndian, &count) == nil {
		response := binary.LittleEndian.AppendUint32(nil, count)
		row := make([]byte, 8)
		for range count {
			if _, err := io.ReadFull(conn, row); err != nil {
				return
			}
			sum := math.Float32frombits(binary.LittleEndian.Uint32(row)) +
				math.Float32frombits(binary.LittleEndian.Uint32(row[4:]))
			response = binary.LittleEndian.AppendUint32(response, math.Float32bits(sum))
		}
		conn.Write(response)
	}
}
