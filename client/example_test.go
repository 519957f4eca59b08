package client_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math"
	"net"

	"github.com/disrust/disrust/client"
)

func Example() {
	addr := exampleServer() // elsewhere: "127.0.0.1:9900"

	ctx := context.Background()
	c, err := client.Dial(ctx, addr, client.Config{Dim: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	rows := []float32{
		1, 2,
		30, 40,
		-5, 5,
	}
	scores := make([]float32, 3)
	if err := c.Score(ctx, scores, rows); err != nil {
		log.Fatal(err)
	}
	fmt.Println(scores)
	// Output: [3 70 0]
}

// exampleServer answers with the sums of rows of two, on one connection.
func exampleServer() (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		conn, err := listener.Accept()
		if err != nil {
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
	}()
	return listener.Addr().String()
}
