package conformance

import (
	"encoding/hex"

	"github.com/disrust/disrust/wire"
)

// Task is what a client must do and observe in a scenario: the answer to the command script.
type Task struct {
	Scenario      string       `json:"scenario"`
	Says          string       `json:"says"`
	Addr          string       `json:"addr"` // where the client connects
	Version       int          `json:"version"`
	Hello         HelloTask    `json:"hello"`
	Server        ServerTask   `json:"server"`
	ConnectMillis int          `json:"connect_millis"`
	Rounds        [][]CallTask `json:"rounds"`
}

// HelloTask is what the client states in its hello. Zero and "" state nothing.
type HelloTask struct {
	Dim        uint32 `json:"dim"`
	Outputs    uint32 `json:"outputs"`
	Kind       uint32 `json:"kind"`
	MaxVectors uint32 `json:"max_vectors"`
	Model      string `json:"model"`
}

// ServerTask is what the server says of itself. A client of version 1 takes its format from
// here.
type ServerTask struct {
	Dim        int    `json:"dim"`
	Outputs    int    `json:"outputs"`
	Kind       uint32 `json:"kind"`
	MaxVectors int    `json:"max_vectors"`
	Model      string `json:"model"`
	Identity   string `json:"identity"` // hexadecimal
}

// CallTask is one call. The fields after May are details of one outcome each. They are absent
// unless the call may have that outcome.
type CallTask struct {
	Rows          [][]float32 `json:"rows"`
	TimeoutMillis int         `json:"timeout_millis,omitempty"`
	Outcome       string      `json:"outcome"`
	May           []string    `json:"may,omitempty"`
	Scores        []float32   `json:"scores,omitempty"` // row after row, also if May has scores
	Status        uint16      `json:"status,omitempty"`
	Sentence      string      `json:"sentence,omitempty"`
	Code          uint32      `json:"code,omitempty"`
	Row           *int        `json:"row,omitempty"`      // -1 if the server names none
	Identity      string      `json:"identity,omitempty"` // of the model, once the call has ended
}

// task returns what a client must do if the server listens on addr.
func (s *Scenario) task(addr string) Task {
	format := s.Serves.Format
	t := Task{
		Scenario: s.Name, Says: s.Says, Addr: addr, Version: s.Version, ConnectMillis: s.ConnectMillis,
		Hello: HelloTask{s.States.Dim, s.States.Outputs, uint32(s.States.Kind), s.States.MaxVectors, s.States.Model},
		Server: ServerTask{
			format.Dim, format.Outputs, uint32(s.Serves.Kind), format.MaxVectors, s.Serves.Model,
			hex.EncodeToString(s.Serves.Identity[:]),
		},
	}
	next := 0
	for _, calls := range s.Rounds {
		var round []CallTask
		for _, call := range calls {
			round = append(round, call.task(next, s))
			next += call.Vectors
		}
		t.Rounds = append(t.Rounds, round)
	}
	return t
}

// task returns what the client must do for c, whose first row has this number.
func (c *Call) task(first int, s *Scenario) CallTask {
	t := CallTask{TimeoutMillis: c.TimeoutMillis, Outcome: c.Outcome, May: c.May}
	for n := range c.Vectors {
		t.Rows = append(t.Rows, row(first+n, c.features(s)))
		if c.allows(Scored) {
			scores := make([]float32, s.Serves.Format.Outputs)
			Scores(scores, t.Rows[n])
			t.Scores = append(t.Scores, scores...)
		}
	}
	if c.allows(Refused) {
		t.Status, t.Sentence = uint16(c.Status), s.Serves.Sentence
	}
	if c.allows(Failed) {
		t.Code, t.Row = c.Code, &c.Row
	}
	if c.Identity != (wire.Identity{}) {
		t.Identity = hex.EncodeToString(c.Identity[:])
	}
	return t
}

// features returns the size of the rows of c.
func (c *Call) features(s *Scenario) int {
	if c.Features > 0 {
		return c.Features
	}
	return s.Serves.Format.Dim
}

// Result says whether the server's side of a scenario saw what it had to see: the answer to
// the command result.
type Result struct {
	Scenario    string   `json:"scenario"`
	OK          bool     `json:"ok"`
	Faults      []string `json:"faults"` // what the client did wrong, in sentences
	Connections int      `json:"connections"`
	Saw         []string `json:"saw"` // what happened on each connection, to find a fault's cause
}
