//go:build linux

package tests

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/conformance"
)

// TestConformance: the client passes every scenario of version 2, which is all that it speaks, with the calls of
// a round in a pipeline, and one by one where each round has one call.
func TestConformance(t *testing.T) {
	server, err := conformance.Listen(conformance.DefaultPatience)
	check(t, err)
	t.Cleanup(server.Close)
	program := compile(t, "subject")
	for _, way := range []string{"pipeline", "score"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			c := dialControl(t, server)
			var entries []conformance.Entry
			c.ask("list", &entries)
			played := 0
			for _, e := range entries {
				if e.Version == 2 && c.play(t, program, way, e.Scenario) {
					played++
				}
			}
			if played < 20 {
				t.Errorf("%d scenarios were played", played)
			}
		})
	}
}

// control is a control connection.
type control struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dialControl(t *testing.T, server *conformance.Server) *control {
	conn, err := net.Dial("tcp", server.Addr())
	check(t, err)
	t.Cleanup(func() { conn.Close() })
	return &control{t, conn, bufio.NewReader(conn)}
}

func (c *control) ask(command string, answer any) {
	c.t.Helper()
	c.SetDeadline(time.Now().Add(3 * conformance.DefaultPatience))
	fmt.Fprintln(c, command)
	line, err := c.in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, answer)
	}
	if err != nil {
		c.t.Fatalf("%s: %v", command, err)
	}
}

// play plays a scenario with the program subject. It returns false if the way does not suit the scenario.
func (c *control) play(t *testing.T, program, way, scenario string) bool {
	t.Helper()
	var task conformance.Task
	c.ask("script "+scenario, &task)
	if way == "score" && slices.ContainsFunc(task.Rounds, func(calls []conformance.CallTask) bool { return len(calls) > 1 }) {
		return false
	}
	outcomes := subject(t, program, input(&task), way, task.Addr)
	var result conformance.Result
	c.ask("result", &result)
	faults := result.Faults
	wanted := slices.Concat(task.Rounds...)
	if len(outcomes) != len(wanted) {
		t.Fatalf("%s: %d calls have the outcomes %q", scenario, len(wanted), outcomes)
	}
	for k := range wanted {
		if err := judge(&wanted[k], strings.Fields(outcomes[k])); err != nil {
			faults = append(faults, fmt.Sprintf("call %d: %v", k, err))
		}
	}
	if len(faults) > 0 {
		t.Errorf("%s: %q\nthe server saw:\n\t%s", scenario, faults, strings.Join(result.Saw, "\n\t"))
	}
	return true
}

// input returns what subject reads of a task.
func input(task *conformance.Task) string {
	var b strings.Builder
	h := task.Hello
	name := hex.EncodeToString([]byte(h.Model))
	if name == "" {
		name = "-"
	}
	fmt.Fprintf(&b, "hello %d %d %d %d %s\nconnect %d\n", h.Dim, h.Outputs, h.Kind, h.MaxVectors, name, task.ConnectMillis)
	for _, calls := range task.Rounds {
		fmt.Fprintf(&b, "round %d\n", len(calls))
		for _, call := range calls {
			appendCall(&b, call.TimeoutMillis, len(call.Rows), slices.Concat(call.Rows...))
		}
	}
	return b.String()
}

// appendCall appends what subject reads of a call.
func appendCall(b *strings.Builder, millis, rows int, features []float32) {
	fmt.Fprintf(b, "%d %d %d%s\n", millis, rows, len(features)/rows, bits(features))
}

// bits returns floats as subject reads and writes them.
func bits(floats []float32) string {
	var b strings.Builder
	for _, f := range floats {
		fmt.Fprintf(&b, " %08x", math.Float32bits(f))
	}
	return b.String()
}

// subject runs the program subject and returns the lines that say what came of its calls.
func subject(t *testing.T, program, input string, args ...string) []string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(input)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("subject %q: %v\n%s", args, err, said.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// judge compares what subject has printed of a call with what it must be.
func judge(want *conformance.CallTask, got []string) error {
	if got[0] != want.Outcome && !slices.Contains(want.May, got[0]) {
		return fmt.Errorf("the outcome is %.200q, want %q or one of %q", got, want.Outcome, want.May)
	}
	var details []string
	switch got[0] {
	case conformance.Scored:
		identity := want.Identity
		if identity == "" {
			identity = got[1]
		}
		details = append([]string{identity}, strings.Fields(bits(want.Scores))...)
	case conformance.Refused:
		details = strings.Fields(fmt.Sprintf("%d %x", want.Status, want.Sentence))
	case conformance.Failed:
		details = []string{fmt.Sprint(want.Code), strconv.Itoa(*want.Row)}
	}
	if !slices.Equal(got[1:], details) {
		return fmt.Errorf("the details are %.200q, want %.200q", got[1:], details)
	}
	return nil
}
