package conformance_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/conformance"
)

// patience is how long the server waits for a client in most tests. No test that passes
// waits for it.
const patience = conformance.DefaultPatience

// impatience is how long it waits for a client that never does what it must.
const impatience = 100 * time.Millisecond

// control is the test's end of a control connection, as a test in any language has it.
type control struct {
	t  testing.TB
	in *bufio.Reader
	net.Conn
}

func listen(t testing.TB, patience time.Duration) *conformance.Server {
	t.Helper()
	s, err := conformance.Listen(patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dialControl(t testing.TB, s *conformance.Server) *control {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(3 * patience))
	return &control{t, bufio.NewReader(conn), conn}
}

// ask sends a command and decodes the answer into v.
func (c *control) ask(command string, v any) {
	c.t.Helper()
	fmt.Fprintln(c, command)
	line, err := c.in.ReadBytes('\n')
	if err != nil {
		c.t.Fatalf("%s: %v", command, err)
	}
	if err := json.Unmarshal(line, v); err != nil {
		c.t.Fatalf("%s: %v in %.200s", command, err, line)
	}
}

// outcome is what a client under test has seen of one call.
type outcome struct {
	is       string
	scores   []float32
	status   uint16
	sentence string
	code     uint32
	row      int
	identity string // of the model, when the call had ended
}

// subject is a client under test. It makes the calls of the rounds, and closes.
type subject interface {
	run(t conformance.Task) [][]outcome
}

// play goes through a scenario and returns what was wrong, as seen from both sides.
func play(c *control, name string, under subject) (wrong []string) {
	c.t.Helper()
	var task conformance.Task
	if c.ask("script "+name, &task); task.Scenario != name {
		c.t.Fatalf("script %s: %+v", name, task)
	}
	got := under.run(task)
	var result conformance.Result
	c.ask("result", &result)
	for r, round := range task.Rounds {
		for k, call := range round {
			if err := judge(call, got[r][k]); err != nil {
				wrong = append(wrong, fmt.Sprintf("round %d, call %d: %v", r, k, err))
			}
		}
	}
	if result.OK != (len(result.Faults) == 0) || result.Scenario != name {
		c.t.Errorf("%s: the result contradicts itself: %+v", name, result)
	}
	wrong = append(wrong, result.Faults...)
	if len(wrong) > 0 {
		wrong = append(wrong, "the server saw:\n\t"+strings.Join(result.Saw, "\n\t"))
	}
	return wrong
}

// judge compares what a client has seen with what it must see.
func judge(want conformance.CallTask, got outcome) error {
	if got.is != want.Outcome && !slices.Contains(want.May, got.is) {
		return fmt.Errorf("the outcome is %q, want %q or one of %q", got.is, want.Outcome, want.May)
	}
	switch got.is {
	case conformance.Scored:
		if !slices.Equal(got.scores, want.Scores) {
			return fmt.Errorf("the scores are %v, want %v", got.scores, want.Scores)
		}
		if want.Identity != "" && got.identity != want.Identity {
			return fmt.Errorf("the model is %s, want %s", got.identity, want.Identity)
		}
	case conformance.Refused:
		if got.status != want.Status || got.sentence != want.Sentence {
			return fmt.Errorf("refused with status %d and %q, want %d and %q", got.status, got.sentence, want.Status, want.Sentence)
		}
	case conformance.Failed:
		if got.code != want.Code || got.row != *want.Row {
			return fmt.Errorf("failed with code %d in row %d, want code %d in row %d", got.code, got.row, want.Code, *want.Row)
		}
	}
	return nil
}

// names returns the names of all scenarios that the server lists.
func names(c *control) (all []string) {
	var entries []conformance.Entry
	c.ask("list", &entries)
	for _, e := range entries {
		all = append(all, e.Scenario)
	}
	return all
}
