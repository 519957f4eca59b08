package conformance

import (
	"slices"

	"github.com/disrust/disrust/wire"
)

// Scenario is what a server does, and what a client must make of it.
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

	// Connections are what the server does on the first connections, one after the other. On
	// the others it makes no mistake, or does what it did on the last if Always is set.
	Connections [][]Step
	Always      bool
}

// Call is one call of the client.
type Call struct {
	Vectors       int
	Features      int    // of each row; 0 means the server's dim
	TimeoutMillis int    // the client gives the call up after this time; 0 means never
	Outcome       string // one of the constants below

	// May lists what else may come of the call: either because it is a matter of chance
	// which comes first, or because only some clients send a request again.
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

// allows reports whether outcome may come of c.
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

// Scores writes the scores of one row to dst, one per output. They are exact in any order of
// adding up, if the features are small integers.
func Scores(dst, row []float32) {
	sum := float32(0)
	for _, feature := range row {
		sum += feature
	}
	for j := range dst {
		dst[j] = sum * float32(j+1)
	}
}
