// Command socket runs a closed loop of callers that use package net:
//
//	socket PORT CALLERS SECONDS PAUSE_US
//
// Each caller has its own connection and goroutine.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/disrust/disrust/server/bench/callers/internal/closedloop"
)

func main() {
	if err := closedloop.Run(os.Stdout, os.Args[1:], dial); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func dial(port string) (closedloop.Ask, error) {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	var requests, answers [closedloop.Rows][]byte
	for r := range requests {
		row, sum := closedloop.Row(r)
		requests[r] = message(row[:]...)
		answers[r] = message(sum)
	}
	got := make([]byte, len(answers[0]))
	return func(r int) error {
		if _, err := conn.Write(requests[r]); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, got); err != nil {
			return err
		}
		if !bytes.Equal(got, answers[r]) {
			return fmt.Errorf("a wrong answer: %x, not %x", got, answers[r])
		}
		return nil
	}, nil
}

// message returns a request of one vector, or the answer to one.
func message(floats ...float32) []byte {
	m, _ := binary.Append(nil, binary.LittleEndian, uint32(1)) // cannot fail: integers and floats have a fixed size
	m, _ = binary.Append(m, binary.LittleEndian, floats)
	return m
}
