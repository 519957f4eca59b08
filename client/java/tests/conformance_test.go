//go:build linux

package tests

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/conformance"
)

// TestConformance: the client passes every scenario of version 2, which is all that it speaks, with
// futures, with a pipeline, and with calls that wait.
func TestConformance(t *testing.T) {
	server, err := conformance.Listen(conformance.DefaultPatience)
	check(t, err)
	t.Cleanup(server.Close)
	for _, way := range []struct {
		mode     string
		oneByOne bool // only scenarios in which each round has one call
	}{{"async", false}, {"pipeline", false}, {"arrays", true}, {"buffers", true}} {
		t.Run(way.mode, func(t *testing.T) {
			t.Parallel()
			c, s := dialControl(t, server), startSubject(t, way.mode)
			var entries []conformance.Entry
			c.ask("list", &entries)
			played := 0
			for _, e := range entries {
				var task conformance.Task
				if e.Version != 2 {
					continue
				}
				if c.ask("script "+e.Scenario, &task); way.oneByOne && slices.ContainsFunc(task.Rounds, several) {
					continue
				}
				played++
				outcomes := s.play(t, input(&task))
				var result conformance.Result
				c.ask("result", &result)
				judge(t, &task, outcomes, &result)
			}
			if played == 0 {
				t.Error("no scenario was played")
			}
		})
	}
}

func several(round []conformance.CallTask) bool { return len(round) > 1 }

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

func (c *control) ask(command string, v any) {
	c.t.Helper()
	c.SetDeadline(time.Now().Add(3 * conformance.DefaultPatience))
	fmt.Fprintln(c, command)
	line, err := c.in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, v)
	}
	if err != nil {
		c.t.Fatalf("%s: %v", command, err)
	}
}

// subject is the running program of this name.
type subject struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func startSubject(t *testing.T, mode string) *subject {
	t.Helper()
	cmd := java("Subject", mode)
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	var said strings.Builder
	cmd.Stderr = &said
	check(t, cmd.Start())
	watchdog := time.AfterFunc(5*time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the subject: %v\n%s", err, said.String())
		}
		watchdog.Stop()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	return &subject{in, lines}
}

// play has the subject make calls, and returns the lines that say what came of them.
func (s *subject) play(t *testing.T, calls string) (outcomes []string) {
	t.Helper()
	if _, err := io.WriteString(s.in, calls); err != nil {
		t.Fatal(err)
	}
	for s.out.Scan() && s.out.Text() != "" {
		outcomes = append(outcomes, s.out.Text())
	}
	check(t, s.out.Err())
	return outcomes
}

// lines returns the next lines that the subject prints.
func (s *subject) lines(t *testing.T, count int) (lines []string) {
	t.Helper()
	for range count {
		if !s.out.Scan() {
			t.Fatalf("the subject has ended: %v", s.out.Err())
		}
		lines = append(lines, s.out.Text())
	}
	return lines
}

// input returns what the subject reads of a task.
func input(task *conformance.Task) string {
	var b strings.Builder
	h := task.Hello
	fmt.Fprintf(&b, "client %s\n", task.Addr)
	fmt.Fprintf(&b, "hello %d %d %d %d %s\n", h.Dim, h.Outputs, h.Kind, h.MaxVectors, orDash(hex.EncodeToString([]byte(h.Model))))
	fmt.Fprintf(&b, "connect %d\noutputs %d\n", task.ConnectMillis, task.Server.Outputs)
	for _, calls := range task.Rounds {
		fmt.Fprintf(&b, "round %d\n", len(calls))
		for _, call := range calls {
			fmt.Fprintf(&b, "%d %d %d", call.TimeoutMillis, len(call.Rows), len(call.Rows[0]))
			for _, row := range call.Rows {
				appendBits(&b, row)
			}
			b.WriteByte('\n')
		}
	}
	b.WriteString("end\n")
	return b.String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func appendBits(b *strings.Builder, floats []float32) {
	for _, f := range floats {
		fmt.Fprintf(b, " %08x", math.Float32bits(f))
	}
}

func judge(t *testing.T, task *conformance.Task, outcomes []string, result *conformance.Result) {
	t.Helper()
	wanted := slices.Concat(task.Rounds...)
	if len(outcomes) != len(wanted) {
		t.Fatalf("%s: %d calls have the outcomes %q", task.Scenario, len(wanted), outcomes)
	}
	for k := range wanted {
		if err := judgeCall(&wanted[k], strings.Fields(outcomes[k])); err != nil {
			t.Errorf("%s, call %d: %v\nthe server saw:\n\t%s", task.Scenario, k, err, strings.Join(result.Saw, "\n\t"))
		}
	}
	if !result.OK {
		t.Errorf("%s: %q\nthe server saw:\n\t%s", task.Scenario, result.Faults, strings.Join(result.Saw, "\n\t"))
	}
}

// judgeCall compares what the subject has printed of a call with what it must be.
func judgeCall(want *conformance.CallTask, got []string) error {
	if got[0] != want.Outcome && !slices.Contains(want.May, got[0]) {
		return fmt.Errorf("the outcome is %.200q, want %q or one of %q", got, want.Outcome, want.May)
	}
	var details []string
	switch got[0] {
	case conformance.Scored:
		var scores strings.Builder
		appendBits(&scores, want.Scores)
		identity := want.Identity
		if identity == "" {
			identity = got[1]
		}
		details = append([]string{identity}, strings.Fields(scores.String())...)
	case conformance.Refused:
		details = []string{fmt.Sprint(want.Status), hex.EncodeToString([]byte(want.Sentence))}
		if want.Sentence == "" {
			details = details[:1]
		}
	case conformance.Failed:
		details = []string{fmt.Sprint(want.Code), strconv.Itoa(*want.Row)}
	}
	if !slices.Equal(got[1:], details) {
		return fmt.Errorf("the details are %.200q, want %.200q", got[1:], details)
	}
	return nil
}
