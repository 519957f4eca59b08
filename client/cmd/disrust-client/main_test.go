package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
)

// tool runs the command line and returns what the user sees.
func tool(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

func TestRightAnswers(t *testing.T) {
	port := serve(t, 128, faults{})
	for _, c := range []struct {
		args string
		says string // a pattern that all of stdout must match
	}{
		{"--port PORT", `^smoke: 4 requests, 130 vectors, every score right\n$`},
		{"PORT smoke", `^smoke: 4 requests`},
		{"PORT smoke --max-vectors 1", `^smoke: 1 request, 1 vector, every score right\n$`},
		{"smoke --port PORT --max-vectors 2", `^smoke: 2 requests, 3 vectors`},
		{"pipeline --port PORT", `^pipeline: 1000 requests, \d+ vectors, every response right\n$`},
		{"PORT bench 3 1000", `^bench: 1000 requests on 3 connections in \d+\.\d+ s: \d+ requests/s, every response right\n$`},
		{"--port PORT bench 3 2", `^bench: 2 requests on 3 connections`},
		{"bench --port PORT 2 500 --window 1", `^bench: 500 requests on 2 connections`},
		{"PORT bench 1 1", `^bench: 1 request on 1 connection in`},
		{"PORT bench 2 500 --window 300 --vectors 64", `^bench: 500 requests on 2 connections`},
		{"PORT sustain --conns 2 --window 8 --vectors 3 --warmup 0s --duration 20ms",
			`^ +second +requests/s +p50_us +p95_us +p99_us +p99.9_us +p99.99_us +max_us\n` +
				`( +[\d.]+){8}\n` +
				`sustain: 2 connections x 8 in flight x 3 vectors, 0\.0 s: \d+ requests/s, p50 [\d.]+ us, .*max [\d.]+ us, every response right\n$`},
	} {
		t.Run(c.args, func(t *testing.T) {
			status, stdout, stderr := tool(t, strings.Fields(strings.ReplaceAll(c.args, "PORT", port))...)
			if status != 0 || stderr != "" || !regexp.MustCompile(c.says).MatchString(stdout) {
				t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
			}
		})
	}
}

// sameFormat is what smoke asks when it fails.
const sameFormat = `\(does the server have the same --dim and --max-vectors\?\)`

func TestFaults(t *testing.T) {
	const sustained = " sustain --conns 2 --warmup 0s --duration 1h"
	for _, c := range []struct {
		name   string
		faults faults
		args   string
		says   string
	}{
		{"wrong score", faults{wrong: 2}, " smoke", `^disrust-client: smoke: answered wrongly: score 1 of 2 is 0\.5, not 2\n$`},
		{"wrong score", faults{wrong: 700}, " pipeline", `^disrust-client: pipeline: connection 1: answered wrongly: byte \d of response 700 is`},
		{"wrong score", faults{wrong: 70}, " bench 2 1000", `answered wrongly: byte \d of response 70 is`},
		{"wrong score", faults{wrong: 1}, sustained, `^disrust-client: sustain: connection \d: answered wrongly: byte \d of response 1 is`},
		{"swapped", faults{swap: 61}, " bench 1 1000", `answered wrongly: byte \d of response 61 is`},
		{"answered twice", faults{extra: 5}, " bench 1 1000", `answered wrongly: byte \d of response 6 is`},
		{"last answered twice", faults{extra: 100}, " bench 1 100", `answered wrongly: more came than the responses to 100 requests\n$`},
		{"closes", faults{close: 3}, " smoke", `^disrust-client: smoke: request of 63 vectors: client: connection lost while waiting for the answer: .* ` + sameFormat + `\n$`},
		{"closes", faults{close: 300}, " pipeline", `closed after 299 of 1000 responses`},
		{"closes", faults{close: 10}, " bench 1 1000", `closed after 9 of \d+ responses`},
		{"closes", faults{close: 10}, sustained, `^disrust-client: sustain: connection \d: closed after 9 of \d+ responses`},
	} {
		t.Run(c.name+c.args, func(t *testing.T) {
			args := strings.Fields(serve(t, 128, c.faults) + c.args)
			status, stdout, stderr := tool(t, args...)
			if status != 1 || strings.Contains(stdout, "right") || !regexp.MustCompile(c.says).MatchString(stderr) {
				t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
			}
		})
	}
}

func TestSilentServerIsGivenUp(t *testing.T) {
	for _, name := range []string{"smoke", "pipeline", "bench", "sustain"} {
		t.Run(name, func(t *testing.T) {
			port, _ := strconv.Atoi(serve(t, 128, faults{silent: 1}))
			o, err := parseOptions([]string{name})
			if err != nil {
				t.Fatal(err)
			}
			o.port, o.stall = port, 10*time.Millisecond
			err = commands[name](t.Context(), o, &bytes.Buffer{})
			if err == nil || !regexp.MustCompile(`no answer for 10ms after 0 of \d+ responses|request of 1 vector: client: gave up: context deadline exceeded `+sameFormat).MatchString(err.Error()) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestInterruptedSmokeBlamesNobody(t *testing.T) {
	port, _ := strconv.Atoi(serve(t, 128, faults{silent: 1}))
	o, err := parseOptions([]string{"smoke"})
	if err != nil {
		t.Fatal(err)
	}
	o.port = port
	cfg := o.client()
	cfg.Addrs = []string{o.addr()}
	c, err := client.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := smokeOnce(interrupted, o, c, 0, 1); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "--dim") {
		t.Errorf("got %v", err)
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
	for command := range commands {
		status, stdout, stderr := tool(t, port, command)
		if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "disrust-client: "+command+": cannot reach "+addr+": connect: ") {
			t.Errorf("%s: status %d, stdout %q, stderr %q", command, status, stdout, stderr)
		}
	}
}

// interrupting ends its context at the first byte written to it.
type interrupting struct {
	bytes.Buffer
	interrupt func()
}

func (w *interrupting) Write(b []byte) (int, error) {
	w.interrupt()
	return w.Buffer.Write(b)
}

func TestInterruptBringsSummary(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &interrupting{interrupt: cancel}, &bytes.Buffer{}
	args := []string{serve(t, 128, faults{}), "sustain", "--warmup", "1ms", "--duration", "1h"}
	if status := run(ctx, args, stdout, stderr); status != 0 || !strings.Contains(stdout.String(), "\nsustain: 8 connections") {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := tool(t, "--help")
	if status != 0 || stdout != usage || stderr != "" {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}
