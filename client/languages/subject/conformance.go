//go:build linux

package subject

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

// Way is a way in which a subject makes calls.
type Way struct {
	Name     string
	OneByOne bool // it waits for each call of a round before the next
}

// Conformance plays every scenario of version 2 in each way, in a test of its own. A way that makes calls one by one
// leaves out scenarios in which a round has several. begin is called once in each of these tests.
func Conformance(t *testing.T, begin func(t *testing.T, way string) Player, ways ...Way) {
	t.Helper()
	server, err := conformance.Listen(conformance.DefaultPatience)
	check(t, err)
	t.Cleanup(server.Close)
	for _, way := range ways {
		t.Run(way.Name, func(t *testing.T) {
			t.Parallel()
			c, play := dialControl(t, server), begin(t, way.Name)
			var entries []conformance.Entry
			c.ask("list", &entries)
			played := 0
			for _, e := range entries {
				if e.Version == 2 && c.play(play, way, e.Scenario) {
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

// play plays a scenario. It returns false if the way does not suit the scenario.
func (c *control) play(play Player, way Way, scenario string) bool {
	c.t.Helper()
	var task conformance.Task
	c.ask("script "+scenario, &task)
	if way.OneByOne && slices.ContainsFunc(task.Rounds, func(calls []conformance.CallTask) bool { return len(calls) > 1 }) {
		return false
	}
	outcomes := play(c.t, task.Addr, Script(&task))
	var result conformance.Result
	c.ask("result", &result)
	if faults := append(result.Faults, Judge(slices.Concat(task.Rounds...), outcomes)...); len(faults) > 0 || !result.OK {
		c.t.Errorf("%s: %q\nthe server saw:\n\t%s", scenario, faults, strings.Join(result.Saw, "\n\t"))
	}
	return true
}
