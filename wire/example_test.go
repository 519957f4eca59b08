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

// In version 2 a client begins with a hello, and the server's welcome states the format. A
// request that fails gets a failure in the place of its response.
func Example_version2() {
	sent := wire.AppendHello(nil, wire.Hello{Dim: 2, Model: "fraud"})

	// The server: it has received the hello as a whole.
	own := wire.Welcome{Format: wire.Format{Dim: 2, Outputs: 1, MaxVectors: 64}, Kind: wire.Prob, Model: "fraud"}
	preamble, _, err := wire.ParsePreamble(sent)
	if err != nil {
		fmt.Println(err) // a client of version 1, or of another protocol
	}
	received := wire.AppendWelcome(nil, own.Judge(preamble, sent[wire.PreambleBytes:]))
	received = wire.AppendFailure(received, wire.ModelError, 0)
	received = wire.AppendResponse(received, 1, []float32{0.5})
	received = wire.AppendGoingAway(received)

	// The client: it has sent two requests.
	preamble, _, err = wire.ParsePreamble(received)
	if err != nil {
		fmt.Println(err)
	}
	body := received[wire.PreambleBytes:][:preamble.Size]
	welcome, err := wire.ParseWelcome(body)
	if err != nil || welcome.Verdict != wire.Welcomed {
		fmt.Println(err, welcome.Verdict, welcome.Sentence)
	}
	fmt.Println(welcome.Model, welcome.Kind, welcome.Format)
	for rest := received[wire.PreambleBytes+len(body):]; len(rest) > 0; {
		reply := welcome.Format.ParseReply(rest)
		switch reply.Kind {
		case wire.Answer:
			scores := make([]float32, reply.Vectors*welcome.Format.Outputs)
			wire.CopyScores(scores, reply.Payload(rest))
			fmt.Println("scores", scores)
		case wire.Failure:
			fmt.Println("code", reply.Code, "row", reply.Detail)
		case wire.Notice:
			fmt.Println("going away:", reply.Code == wire.GoingAway)
		}
		rest = rest[reply.Bytes:]
	}
	// Output:
	// fraud prob {2 1 64}
	// code 1 row 0
	// scores [0.5]
	// going away: true
}

// A server that scores requests where it received them takes a run of requests of one size at
// once, without a copy. On a big-endian machine, or if the floats are misaligned, it copies them.
func ExampleFormat_ParseRun() {
	format := wire.Format{Dim: 2, Outputs: 1, MaxVectors: 64}
	received := wire.AppendRequest(nil, 1, []float32{1, 2})
	received = wire.AppendRequest(received, 1, []float32{3, 4})
	received = wire.AppendRequest(received, 2, []float32{5, 6, 7, 8})

	run := format.ParseRun(received)
	fmt.Println(run.Count, "requests of", run.Vectors, "vector")
	run = format.ParseRun(received[run.Bytes:])
	fmt.Println(run.Count, "request of", run.Vectors, "vectors")
	// Output:
	// 2 requests of 1 vector
	// 1 request of 2 vectors
}

// A server answers a hello that expects something else with what is wrong.
func ExampleWelcome_Judge() {
	own := wire.Welcome{Format: wire.Format{Dim: 2, Outputs: 3, MaxVectors: 64}, Kind: wire.Prob, Model: "fraud"}
	sent := wire.AppendHello(nil, wire.Hello{Outputs: 1})
	preamble, _, err := wire.ParsePreamble(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	welcome := own.Judge(preamble, sent[wire.PreambleBytes:])
	fmt.Println(welcome.Verdict == wire.WrongOutputs)
	fmt.Println(welcome.Sentence)
	// Output:
	// true
	// the client expects 1 scores per vector, the model gives 3
}
