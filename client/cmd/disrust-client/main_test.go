package main

import (
	"bytes"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// tool runs the command line and returns what the user sees.
func tool(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

// words splits args, with port in place of PORT.
func words(args, port string) []string {
	return strings.Fields(strings.ReplaceAll(args, "PORT", port))
}

func TestRightAnswers(t *testing.T) {
	port := serve(t, 128, faults{})
	const server = `(smoke: model "sum", dim 128, outputs 1, kind unstated, max_vectors 64, identity 000000000000 \(built in\)\n)?`
	for args, says := range map[string]string{ // a pattern that all of stdout must match
		"--port PORT":                           `^` + server + `smoke: 4 requests, 130 vectors, every response right\n$`,
		"PORT smoke":                            `^` + server + `smoke: 4 requests`,
		"PORT smoke --max-vectors 1":            `^` + server + `smoke: 1 request, 1 vector, every response right\n$`,
		"smoke --port PORT --max-vectors 2":     `^` + server + `smoke: 2 requests, 3 vectors`,
		"pipeline --port PORT":                  `^pipeline: 1000 requests, \d+ vectors, every response right\n$`,
		"pipeline --port PORT --max-vectors 1":  `^pipeline: 1000 requests, 1000 vectors`,
		"PORT bench 3 1000":                     `^bench: 1000 requests on 3 connections in \d+\.\d+ s: \d+ requests/s, every response right(; .*the server may do more)?\n$`,
		"--port PORT bench 3 2":                 `^bench: 2 requests on 3 connections`,
		"bench --port PORT 2 500 --window 1":    `^bench: 500 requests on 2 connections`,
		"PORT bench 1 1":                        `^bench: 1 request on 1 connection in`,
		"PORT bench 2 500 --vectors 1:1,64:1":   `^bench: 500 requests on 2 connections`,
		"PORT bench 2 9 --seed 5 --window 1024": `^bench: 9 requests on 2 connections`,
	} {
		t.Run(args, func(t *testing.T) {
			for _, protocol := range []string{"1", "2"} {
				status, stdout, stderr := tool(t, append(words(args, port), "--protocol", protocol)...)
				if status != 0 || stderr != "" || !regexp.MustCompile(says).MatchString(stdout) {
					t.Errorf("protocol %s: status %d, stderr %q, stdout\n%s", protocol, status, stderr, stdout)
				}
				if described := strings.HasPrefix(stdout, "smoke: model"); described != (protocol == "2" && strings.HasPrefix(stdout, "smoke")) {
					t.Errorf("protocol %s: stdout\n%s", protocol, stdout)
				}
			}
		})
	}
}

// sameFormat is the question in the error of a server that does not answer.
const sameFormat = `\(does the server have the same --dim and --max-vectors\?\)`

func TestFaults(t *testing.T) {
	const sustained = " sustain --conns 2 --warmup 0s --duration 1h"
	const swept = " sweep --conns 1..4 --slo p99=1m --warmup 0s --step 1h"
	for _, c := range []struct {
		name   string
		faults faults
		args   string
		says   string
	}{
		{"wrong score", faults{wrong: 2}, " smoke", `^disrust-client: smoke: connection 1: answered wrongly: byte \d of response 2 is .*, 1 wrongly, 0 not\n$`},
		{"wrong score", faults{wrong: 700}, " pipeline", `^disrust-client: pipeline: connection 1: answered wrongly: byte \d of response 700 is`},
		{"wrong score", faults{wrong: 70}, " bench 2 1000", `answered wrongly: byte \d of response 70 is .*; of \d+ requests in all \d+ answered rightly, [12] wrongly, \d+ not\n$`},
		{"wrong score", faults{wrong: 1}, sustained, `^disrust-client: sustain: connection \d: answered wrongly: byte \d of response 1 is`},
		{"wrong score", faults{wrong: 9}, swept, `^disrust-client: sweep: connection 1: answered wrongly: byte \d of response 9 is`},
		{"swapped", faults{swap: 61}, " bench 1 1000", `answered wrongly: byte \d of response 61 is`},
		{"answered twice", faults{extra: 5}, " bench 1 1000", `answered wrongly: byte \d of response 6 is`},
		{"last answered twice", faults{extra: 100}, " bench 1 100", `answered wrongly: more came than the 100 responses asked for; `},
		{"closes", faults{close: 3}, " smoke", `^disrust-client: smoke: connection 1: closed after 2 of 3 responses; .*, 1 not\n$`},
		{"closes", faults{close: 300}, " pipeline", `closed after 299 of \d+ responses`},
		{"closes", faults{close: 10}, " bench 1 1000", `closed after 9 of \d+ responses`},
		{"closes", faults{close: 10}, sustained, `^disrust-client: sustain: connection \d: closed after 9 of \d+ responses`},
	} {
		t.Run(c.name+c.args, func(t *testing.T) {
			args := strings.Fields(serve(t, 128, c.faults) + c.args)
			status, stdout, stderr := tool(t, args...)
			if status != 1 || strings.Contains(stdout, "every response right") || !regexp.MustCompile(c.says).MatchString(stderr) {
				t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
			}
		})
	}
}

// TestOtherModel: the commands that load a server whose model is not sum say so, and verify it
// in another way.
func TestOtherModel(t *testing.T) {
	port := serve(t, 128, faults{model: 3})
	rows := inFile(t, "rows.f32", make([]byte, 7*512))
	for _, args := range []string{"smoke", "pipeline", "bench 2 500", "sustain --warmup 0s --duration 50ms", "sweep --conns 1..2 --slo p100=1m --warmup 0s --step 50ms"} {
		for protocol, says := range map[string]string{"1": "; the server does not serve sum, or not with --dim 128; ", "2": `; the server does not serve sum but "triple"; `} {
			status, stdout, stderr := tool(t, words("PORT --protocol "+protocol+" "+args, port)...)
			if says += "for any model, --verify replay compares"; status != 1 || !strings.Contains(stderr, says) ||
				!strings.Contains(stderr, "--verify frame") || strings.Contains(stdout, "every response") {
				t.Errorf("%s: status %d, stderr %q, stdout\n%s", args, status, stderr, stdout)
			}
		}
		for _, verify := range []string{"replay", "frame"} {
			status, _, stderr := tool(t, words("PORT --verify "+verify+" "+args, port)...)
			settled(t, status, stderr)
		}
	}
	for verify, says := range map[string]string{
		"":                "every response as before the run\n",
		"--verify frame":  "every response of the right size, scores not verified\n",
		"--verify replay": "every response as before the run\n",
	} {
		status, stdout, stderr := tool(t, words("PORT sustain --warmup 0s --duration 50ms --replay "+rows+" "+verify, port)...)
		settled(t, status, stderr)
		if !strings.HasSuffix(stdout, says) {
			t.Errorf("%s: stdout\n%s", verify, stdout)
		}
	}
}

// TestAgree: what the command line asks for and the server does not have is refused in a
// sentence with both. The server's format is taken where none is given.
func TestAgree(t *testing.T) {
	seven, wide, old := serve(t, 7, faults{}), serve(t, 7, faults{model: 3, outputs: 3}), serve(t, 128, faults{version: 1})
	for _, args := range []string{"smoke", "pipeline", "bench 2 500", "sustain --warmup 0s --duration 50ms", "sweep --conns 1..2 --slo p100=1m --warmup 0s --step 50ms"} {
		for _, c := range []struct {
			port, flags, says string
		}{
			{seven, "", ""},
			{seven, "--dim 7 --max-vectors 64", ""},
			{seven, "--dim 8", `--dim 8: the server's model, "sum", has dim 7`},
			{seven, "--max-vectors 65", `--max-vectors 65: the server allows 64 vectors per request`},
			{wide, "", `--verify sum: the server's model, "triple", gives 3 scores per vector, and sum gives one; for any model, --verify replay`},
			{wide, "--verify frame", ""},
			{wide, "--verify replay", ""},
			{old, "", `closed before its welcome: a version 1 server, a full one, or an address not allowed (--protocol 1 speaks version 1)`},
			{old, "--protocol 1", ""},
		} {
			status, stdout, stderr := tool(t, words("PORT "+args+" "+c.flags, c.port)...)
			if c.says == "" {
				settled(t, status, stderr)
			} else if status != 1 || !strings.HasSuffix(stderr, c.says+"\n") && !strings.Contains(stderr, c.says) || stdout != "" {
				t.Errorf("%s %s: status %d, stderr %q, stdout\n%s", args, c.flags, status, stderr, stdout)
			}
		}
	}
	if status, _, stderr := tool(t, words("PORT bench --vectors 65", seven)...); status != 1 || stderr != "disrust-client: bench: --vectors has 65: the server allows 64 vectors per request\n" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// TestSmokeDescribes: smoke says what the server serves.
func TestSmokeDescribes(t *testing.T) {
	status, stdout, stderr := tool(t, words("PORT smoke --verify replay", serve(t, 7, faults{model: 3, outputs: 2}))...)
	if want := "smoke: model \"triple\", dim 7, outputs 2, kind raw, max_vectors 64, identity abcd01020304\nsmoke: 4 requests, 130 vectors, every response as before the run\n"; status != 0 || stdout != want {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
}

// TestReplayIsVerified: an answer that differs from that before the run is wrong. The server
// is wrong at a response that comes only after the cycle was learnt.
func TestReplayIsVerified(t *testing.T) {
	status, _, stderr := tool(t, words("PORT --verify replay bench 1 1000", serve(t, 128, faults{model: 3, wrong: 200}))...)
	if status != 1 || !regexp.MustCompile(`: answered wrongly: score 1 of response 200 is 0\.5, but was \d+ before the run; of`).MatchString(stderr) || strings.Contains(stderr, "does not serve") {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// silenced returns options with a stall time short enough for tests. A busy machine may exceed
// it while it connects.
func silenced(t *testing.T, args string) *options {
	t.Helper()
	o, err := parseOptions(words(args, serve(t, 128, faults{silent: 1})))
	if err != nil {
		t.Fatal(err)
	}
	o.stall = 50 * time.Millisecond
	return o
}

func TestSilentServerIsGivenUp(t *testing.T) {
	raw := inFile(t, "rows.f32", make([]byte, 512))
	for _, args := range []string{"smoke", "pipeline", "bench", "sustain", "sweep", "score " + raw} {
		for _, protocol := range []string{"1", "2"} {
			t.Run(args+" "+protocol, func(t *testing.T) {
				o := silenced(t, "PORT --protocol "+protocol+" "+args)
				err := o.command.run(t.Context(), o, streams{new(bytes.Buffer), new(bytes.Buffer), new(bytes.Buffer)})
				says := `no answer for 50ms after 0 of \d+ responses?; |(gave up|lost) while waiting for the answer: |cannot reach .* i/o timeout|sends no welcome in time`
				if err == nil || !regexp.MustCompile(says).MatchString(err.Error()) {
					t.Fatalf("got %v", err)
				}
				connected := strings.Contains(err.Error(), "answer")
				if hinted := regexp.MustCompile(sameFormat).MatchString(err.Error()); hinted != (connected && protocol == "1") {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(addr)
	raw := inFile(t, "rows.f32", make([]byte, 512))
	for _, args := range []string{"smoke", "pipeline", "bench", "sustain", "sweep", "score " + raw} {
		status, stdout, stderr := tool(t, words("PORT "+args, port)...)
		name, _, _ := strings.Cut(args, " ")
		if status != 1 || !strings.HasPrefix(stderr, "disrust-client: "+name+": cannot reach "+addr+": connect: ") {
			t.Errorf("%s: status %d, stdout %q, stderr %q", args, status, stdout, stderr)
		}
		if stdout != "" && name != "sweep" { // sweep has written the head of its table by then
			t.Errorf("%s: stdout %q", args, stdout)
		}
	}
}

// inFile writes a file and returns its path.
func inFile(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := t.TempDir() + "/" + name
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInterruptedCheck(t *testing.T) {
	o := defaults()
	if err := o.interrupted(sample.Total{Answered: 1000}, pipelineRequests); err != nil {
		t.Error(err)
	}
	err := o.interrupted(sample.Total{Answered: 999}, pipelineRequests)
	if err == nil || err.Error() != "interrupted after 999 responses, every response right" {
		t.Errorf("999 of 1000 answered: %v", err)
	}
}
