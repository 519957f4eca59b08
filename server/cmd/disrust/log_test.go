//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// logLine is a line of a log in JSON.
type logLine struct {
	Time       time.Time
	Level, Msg string
	Addresses  []string // of the ready line, as are the next two
	OIPHTTP    string   `json:"oip_http"`
	OIPGRPC    string   `json:"oip_grpc"`

	Peer, Violation, Line string
	More, Others          int
}

// readLog reads a log in JSON. Each line must be an object with time, level and msg.
func readLog(t *testing.T, text string) (lines []logLine) {
	t.Helper()
	for one := range strings.Lines(text) {
		var l logLine
		if err := json.Unmarshal([]byte(one), &l); err != nil || l.Time.IsZero() || l.Level == "" || l.Msg == "" {
			t.Fatalf("%v, %q is no line of a log: %s", err, one, text)
		}
		lines = append(lines, l)
	}
	return lines
}

// find returns the first line whose message begins so, or nil.
func find(lines []logLine, message string) *logLine {
	for i, l := range lines {
		if strings.HasPrefix(l.Msg, message) {
			return &lines[i]
		}
	}
	return nil
}

// startJSON starts a command that becomes a daemon which logs JSON, and returns its ready line.
func startJSON(t *testing.T, command ...string) (p *daemontest.Process, ready *logLine) {
	t.Helper()
	p, err := daemontest.StartProcess(exec.Command(command[0], command[1:]...))
	rawtest.Check(t, err)
	t.Cleanup(p.Kill)
	rawtest.Check(t, p.AwaitReady(func() bool {
		text := p.Stderr.String()
		ready = find(readLog(t, text[:strings.LastIndex(text, "\n")+1]), "ready on ")
		return ready != nil
	}))
	return p, ready
}

// TestJSONLog: every line of a daemon's life is an object, from the first to the one after its drain.
func TestJSONLog(t *testing.T) {
	socket := "unix:" + t.TempDir() + "/s"
	refusal := rawtest.Refusal{Errno: syscall.EPERM, Calls: setup}
	p, ready := startJSON(t, refusal.Under(smallAt("--listen", "127.0.0.1:0", "--listen", socket, "--admin", "127.0.0.1:0",
		"--drain-timeout", "100ms", "--log-format", "json", "--log-level", "debug")...)...)
	if len(ready.Addresses) != 2 || ready.Addresses[1] != socket {
		t.Fatalf("the ready line is %+v", ready)
	}
	bad := dial(t, ready.Addresses[0])
	rawtest.Check(t, errors.Join(bad.Send(rawtest.Header(0)), bad.ExpectEOF()))
	mute, err := rawtest.NewMute(ready.Addresses[0], rawtest.Source{Dim: 128}, 1, 1000)
	rawtest.Check(t, err)
	t.Cleanup(func() { mute.Drop() })
	asks, seq := dial(t, socket), 0
	rawtest.Check(t, rawtest.AwaitBlocked([]*rawtest.Mute{mute}, 64<<20, func() error {
		seq++
		return roundTrip(asks, rawtest.Source{Dim: 128}, seq)
	}))
	rawtest.Check(t, p.Signal(syscall.SIGTERM))
	if status := p.Status(t); status != 0 {
		t.Errorf("status %d", status)
	}
	lines := readLog(t, p.Stderr.String())
	for _, want := range []struct{ level, message string }{
		{"INFO", "admin port on 127.0.0.1:"},
		{"DEBUG", "the model is loaded"},
		{"WARN", "io_uring is not available"},
		{"INFO", "ready on 127.0.0.1:"},
		{"WARN", "a peer broke the protocol"},
		{"DEBUG", "the end begins"},
		{"WARN", "the drain ended after 100ms"},
	} {
		if l := find(lines, want.message); l == nil || l.Level != want.level {
			t.Errorf("%+v is %+v of %s", want, l, &p.Stderr)
		}
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last.Msg, "the drain ended after") {
		t.Errorf("the last line is %+v", last)
	}
}

// TestJSONFailures: the reason why a daemon does not serve is an object, too. A wrong command line is refused
// for a person.
func TestJSONFailures(t *testing.T) {
	other := start(t)
	for _, test := range []struct {
		flags  []string
		status int
		msg    string
	}{
		{[]string{"--port", other.Port()}, environment, "in use"},
		{[]string{"--port", "0", "--pool-mib", "1", "--dim", "50000"}, usage, "raise --pool-mib to 13"},
		{[]string{"--port", "0", "--model", "no-such-file.txt"}, environment, "no-such-file.txt"},
	} {
		_, stderr, status := daemontest.RunToEnd(t, append([]string{daemon, "--log-format=json", "--log-level=error"}, test.flags...)...)
		if lines := readLog(t, stderr); status != test.status || len(lines) != 1 || lines[0].Level != "ERROR" || !strings.Contains(lines[0].Msg, test.msg) {
			t.Errorf("%q: status %d, %s", test.flags, status, stderr)
		}
	}
	wantRefused(t, usage, []string{"--log-format", "json", "--prot", "1"}, "--prot", "mean --port")
}

// TestLogLevel: lines below the level are not logged, in either format; the ready line is of level info.
func TestLogLevel(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		for i, level := range []string{"debug", "info", "warn", "error"} {
			t.Run(format+" "+level, func(t *testing.T) {
				addr := "unix:" + t.TempDir() + "/s"
				command := smallAt("--listen", addr, "--log-format", format, "--log-level", level)
				p, err := daemontest.StartProcess(exec.Command(command[0], command[1:]...))
				rawtest.Check(t, err)
				t.Cleanup(p.Kill)
				var c *rawtest.Client
				rawtest.Until(t, "the daemon serves", func() bool {
					c, err = rawtest.Dial(addr)
					return err == nil
				})
				rawtest.Check(t, errors.Join(c.Send(rawtest.Header(0)), c.ExpectEOF(), c.Close(), p.Signal(syscall.SIGTERM)))
				if status := p.Status(t); status != 0 {
					t.Errorf("status %d", status)
				}
				said := p.Stderr.String()
				for at, message := range []string{"the model is loaded", "ready on unix:", "a peer broke the protocol"} {
					if got, want := strings.Contains(said, message), at >= i; got != want {
						t.Errorf("the log has %q: %t, want %t; it is %q", message, got, want, said)
					}
				}
			})
		}
	}
}

// TestLinesLost: where lines are missing, because nobody took them, a line of the same format says so.
func TestLinesLost(t *testing.T) {
	const more = 1000 // than the queue holds
	for _, asJSON := range []bool{false, true} {
		r, w := io.Pipe()
		o := defaults()
		o.jsonLog = asJSON
		l := o.newLog(w)
		for i := range more {
			l.say(slog.LevelInfo, fmt.Sprint("line ", i))
		}
		read := make(chan string)
		go func() {
			all, _ := io.ReadAll(r)
			read <- string(all)
		}()
		l.flush()
		w.Close()
		text := <-read
		lost, lines := 0, 0
		for one := range strings.Lines(text) {
			if asJSON {
				one = "disrust: " + readLog(t, one)[0].Msg
			}
			var n int
			if found, _ := fmt.Sscanf(one, "disrust: %d line", &n); found == 1 {
				lost += n
				continue
			}
			lines++
		}
		if lost == 0 || lost+lines != more {
			t.Errorf("json=%t: %d lines and %d lost, of %d: %s", asJSON, lines, lost, more, text)
		}
	}
}

// TestFloodOfPeers: peers with many addresses break the protocol again and again. The log has a bounded
// number of lines, and each violation has a line or is counted in one.
func TestFloodOfPeers(t *testing.T) {
	const (
		peers, each = 300, 3
		perInterval = 100
		interval    = 10 * time.Second
	)
	p, ready := startJSON(t, small("--log-format", "json")...)
	addr, began := ready.Addresses[0], time.Now()
	rawtest.Check(t, rawtest.Each(peers, func(i int) error {
		for range each {
			c, err := rawtest.DialFrom(i, addr)
			if err != nil {
				return err
			}
			if err := errors.Join(c.Send(rawtest.Header(0)), c.ExpectEOF(), c.Close()); err != nil {
				return err
			}
		}
		return nil
	}))
	rawtest.Check(t, p.Signal(syscall.SIGTERM))
	if status := p.Status(t); status != 0 {
		t.Errorf("status %d", status)
	}
	lines := slices.DeleteFunc(readLog(t, p.Stderr.String()), func(l logLine) bool { return !strings.Contains(l.Msg, "broke the protocol") })
	sum, names := 0, make(map[string]bool)
	for _, l := range lines {
		sum += l.More + l.Others
		if l.Violation != "" {
			sum++
			names[l.Peer] = true
		}
	}
	if sum != peers*each {
		t.Errorf("%d violations are logged or counted, of %d", sum, peers*each)
	}
	if most := 1 + perInterval*(1+int(time.Since(began)/interval)); len(lines) > most || len(names) < perInterval {
		t.Errorf("%d lines name %d peers, want at most %d and at least %d", len(lines), len(names), most, perInterval)
	}
}

// TestFloodOfReloads: a client of the admin port asks for one reload after the other. The log has a bounded
// number of lines, and each reload has a line or is counted in one.
func TestFloodOfReloads(t *testing.T) {
	const (
		asks        = 150
		perInterval = 100
		interval    = 10 * time.Second
		refused     = "reload refused"
	)
	p, _ := startJSON(t, small("--log-format", "json", "--admin", "127.0.0.1:0")...)
	at := strings.Fields(find(readLog(t, p.Stderr.String()), "admin port on ").Msg)
	port, began := adminAt(t, at[len(at)-1]), time.Now()
	for range asks {
		_, body, err := port.ask("POST", "/model/reload")
		if rawtest.Check(t, err); !strings.Contains(body, "built in") {
			t.Fatal(body)
		}
	}
	rawtest.Check(t, p.Signal(syscall.SIGTERM))
	if status := p.Status(t); status != 0 {
		t.Errorf("status %d", status)
	}
	lines, sum := 0, 0
	for _, l := range readLog(t, p.Stderr.String()) {
		switch {
		case strings.HasPrefix(l.Msg, refused):
			lines, sum = lines+1, sum+1
		case strings.HasPrefix(l.Line, refused):
			lines, sum = lines+1, sum+l.More
		}
	}
	if most := (perInterval + 1) * (1 + int(time.Since(began)/interval)); sum != asks || lines > most {
		t.Errorf("%d reloads are logged or counted, of %d, in %d lines, of at most %d", sum, asks, lines, most)
	}
}
