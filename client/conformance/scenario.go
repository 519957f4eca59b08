package conformance

import (
	"slices"

	"github.com/disrust/disrust/wire"
)

// Scenario describes a server's behaviour, and the calls that a client makes with their outcomes.
type Scenario struct {
	Name    string
	Says    string       // what the server does, in a sentence
	Version int          // of the protocol that the client speaks
	States  wire.Hello   // what the client states in its hello
	Serves  wire.Welcome // what the server says of itself, and the sentence of a refusal

	// ConnectMillis is how long the client may wait for a connection and its welcome.
	ConnectMillis int

	// Rounds are the client's calls. The calls of a round start in their order, without
	// waiting for each other. The next round starts when all of them have ended.
	Rounds [][]Call

	// Connections are the server's steps on the first connections, one list per connection.
	// On all later connections the server makes no mistake. If Always is set, it repeats the
	// steps of the last list there.
	Connections [][]Step
	Always      bool
}

// Call is one call of the client.
type Call struct {
	Vectors       int
	Features      int    // of each row; 0 means the server's dim
	TimeoutMillis int    // the client gives the call up after this time; 0 means never
	Outcome       string // one of the constants below

	// May lists other outcomes that are as good. The network's timing decides between them,
	// or only some clients send a request again.
	May []string

	Status wire.Verdict // of a refusal
	Code   uint32       // of a failure
	Row    int          // of a failure: the row of the call that fails alone, or UnknownRow

	// Identity is set if the client learns during this call that the model has changed.
	Identity wire.Identity
}

// The outcomes of a call.
const (
	Scored    = "scores"     // the scores came
	Failed    = "failed"     // the server failed the request, with a code
	Refused   = "refused"    // the server refused the hello, with a status and a sentence
	NoWelcome = "no_welcome" // the connection ended before a welcome, or brought something else
	Lost      = "lost"       // the connection was lost, or broke the protocol, after the request was sent
	TimedOut  = "timeout"    // the client gave the call up
	NotSent   = "not_sent"   // the client saw a mistake of its caller and sent nothing
)

// UnknownRow is the row of a failure that names none.
const UnknownRow = -1

// allows reports whether c may have this outcome.
func (c *Call) allows(outcome string) bool {
	return c.Outcome == outcome || slices.Contains(c.May, outcome)
}

// row returns row number n of a scenario. The numbers count over all calls, and no two rows
// are the same.
func row(n, features int) []float32 {
	f := make([]float32, features)
	for j := range f {
		f[j] = float32((7*n+j)%11 - 5)
	}
	f[0] = float32(n + 1)
	return f
}

// Scores writes the scores of one row to dst, one per output. If the features are small
// integers, the sums are exact in any order.
func Scores(dst, row []float32) {
	sum := float32(0)
	for _, feature := range row {
		sum += feature
	}
	for j := range dst {
		dst[j] = sum * float32(j+1)
	}
}
