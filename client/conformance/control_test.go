package conformance_test

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/conformance"
)

// refused asks for something that the server refuses, and returns its sentence.
func refused(c *control, command string) string {
	var answer struct{ Error string }
	c.ask(command, &answer)
	return answer.Error
}

func TestCommands(t *testing.T) {
	c := dialControl(t, listen(t, patience))
	for command, want := range map[string]string{
		"result":         "no scenario runs: the command script NAME starts one",
		"":               `there is no command "": list, script NAME and result are allowed`,
		"script":         `there is no command "script": list, script NAME and result are allowed`,
		"script a b":     `there is no command "script a b": list, script NAME and result are allowed`,
		"list all":       `there is no command "list all": list, script NAME and result are allowed`,
		"script nothing": `there is no scenario "nothing": the command list prints all`,
	} {
		if got := refused(c, command); got != want {
			t.Errorf("%q: got %q, want %q", command, got, want)
		}
	}
	if wrong := play(c, "plain", reference{t: t}); len(wrong) > 0 {
		t.Errorf("after refusals: %s", wrong[0])
	}
	if got := refused(c, "result"); !strings.HasPrefix(got, "no scenario runs") {
		t.Errorf("a second result: %q", got)
	}
}

// TestLongLine: the server refuses a line that is too long, and ends the connection.
func TestLongLine(t *testing.T) {
	c := dialControl(t, listen(t, patience))
	if got := refused(c, strings.Repeat("x", 2000)); got != "a line has at most 1000 bytes" {
		t.Errorf("%q", got)
	}
	if b, err := io.ReadAll(c.in); len(b) > 0 || errors.Is(err, net.ErrClosed) {
		t.Errorf("%q, %v follow", b, err)
	}
}

// TestNoConnection: a client that connects to nothing does not pass.
func TestNoConnection(t *testing.T) {
	c := dialControl(t, listen(t, patience))
	var task conformance.Task
	c.ask("script plain", &task)
	var result conformance.Result
	c.ask("result", &result)
	if result.OK || result.Faults[len(result.Faults)-1] != "the client made no connection" {
		t.Errorf("%+v", result)
	}
}

// TestManyConnections: a client that reconnects without backing off does not pass, and the server
// closes what is too much.
func TestManyConnections(t *testing.T) {
	c := dialControl(t, listen(t, patience))
	var task conformance.Task
	c.ask("script plain", &task)
	for n := range 40 {
		conn, err := net.Dial("tcp", task.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if n >= 32 {
			conn.SetDeadline(time.Now().Add(patience))
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				t.Errorf("connection %d got an answer", n)
			}
		}
		conn.Close()
	}
	var result conformance.Result
	if c.ask("result", &result); result.OK || !strings.Contains(strings.Join(result.Faults, "\n"), "reconnects without backing off") {
		t.Errorf("%+v", result)
	}
}

// TestScriptAgain: a second script ends the first.
func TestScriptAgain(t *testing.T) {
	c := dialControl(t, listen(t, patience))
	var first, second conformance.Task
	c.ask("script plain", &first)
	conn, err := net.Dial("tcp", first.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	c.ask("script plain", &second)
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the first scenario goes on: %v", err)
	}
	if _, err := net.Dial("tcp", first.Addr); err == nil {
		t.Error("the first scenario still listens")
	}
}

// TestNothingStays: Close ends every scenario, also one whose result is awaited, and leaves no
// goroutine and no port.
func TestNothingStays(t *testing.T) {
	before := runtime.NumGoroutine()
	server, err := conformance.Listen(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var tasks []conformance.Task
	for _, name := range []string{"plain", "silence", "going-away", "fin-before-hello"} {
		var task conformance.Task
		c := dialControl(t, server)
		c.ask("script "+name, &task)
		conn, err := net.Dial("tcp", task.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		tasks = append(tasks, task)
		c.Write([]byte("result\n"))
	}
	server.Close()
	for _, addr := range append([]string{server.Addr()}, addrs(tasks)...) {
		if _, err := net.Dial("tcp", addr); err == nil {
			t.Errorf("%s still listens", addr)
		}
	}
	awaitGoroutines(t, before)
}

// TestResultLeavesNothing: after a result no goroutine and no port of the scenario is left,
// whatever the client did.
func TestResultLeavesNothing(t *testing.T) {
	c := dialControl(t, listen(t, impatience))
	refused(c, "result") // its answer shows that the server's goroutine of this connection has begun
	before := runtime.NumGoroutine()
	for _, name := range []string{"plain", "silence", "going-away", "reset-in-answer", "version-1-server", "refused-dim"} {
		for _, m := range []mistakes{{}, {leavesOpen: true, ignoresNotices: true}} {
			var addr string
			play(c, name, watcher{reference{t: t, mistakes: m}, &addr})
			if _, err := net.Dial("tcp", addr); err == nil {
				t.Errorf("%s: %s still listens", name, addr)
			}
			awaitGoroutines(t, before)
		}
	}
}

// watcher is a subject that notes the address of its scenario.
type watcher struct {
	subject
	addr *string
}

func (w watcher) run(task conformance.Task) [][]outcome {
	*w.addr = task.Addr
	return w.subject.run(task)
}

func addrs(tasks []conformance.Task) (all []string) {
	for _, task := range tasks {
		all = append(all, task.Addr)
	}
	return all
}

// TestCheckLeavesNothing: CheckServer leaves no goroutine, whatever the server does.
func TestCheckLeavesNothing(t *testing.T) {
	for _, m := range []serverMistakes{{}, {staysOpen: true}, {swapsAnswers: true}, {resetsViolation: true}} {
		s := serveReference(t, m)
		before := runtime.NumGoroutine()
		subject := s.subject()
		subject.Patience = impatience
		conformance.CheckServer(subject)
		awaitGoroutines(t, before)
	}
}

// awaitGoroutines waits until there are no more goroutines than before.
func awaitGoroutines(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
