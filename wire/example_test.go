package wire_test

import (
	"fmt"

	"github.com/disrust/disrust/wire"
)

// A server's read loop takes whole requests from the bytes that have arrived, answers each
// one, and keeps the rest for the next read.
func Example() {
	format := wire.Format{Dim: 2, Outputs: 1, MaxVectors: 64}
	received := wire.AppendRequest(nil, 2, []float32{1, 2, 3, 4})
	received = append(received, 1, 0) // half of the next header

	var response []byte
	for {
		frame := format.ParseRequest(received)
		if frame.Status != wire.Complete {
			fmt.Println(frame.Status, "needs", frame.Bytes)
			break
		}
		rows := make([]float32, frame.Vectors*format.Dim)
		wire.CopyRows(rows, frame.Payload(received))
		received = received[frame.Bytes:]
		response = wire.AppendResponse(response, frame.Vectors, []float32{rows[0] + rows[1], rows[2] + rows[3]})
	}

	frame := format.ParseResponse(response)
	scores := make([]float32, frame.Vectors*format.Outputs)
	wire.CopyScores(scores, frame.Payload(response))
	fmt.Println(frame.Status, scores)
	// Output:
	// Incomplete needs 2
	// Complete [3 7]
}
