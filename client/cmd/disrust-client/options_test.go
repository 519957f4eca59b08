package main

import (
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	defaults, err := parseOptions(nil)
	if err != nil {
		t.Fatal(err)
	}
	if defaults.command != "smoke" || defaults.addr() != "127.0.0.1:9900" {
		t.Errorf("defaults: %+v", defaults)
	}
	for args, change := range map[string]func(*options){
		"":                           func(o *options) {},
		"9901":                       func(o *options) { o.port = 9901 },
		"9901 pipeline":              func(o *options) { o.port, o.command = 9901, "pipeline" },
		"--host ::1 smoke":           func(o *options) { o.host = "::1" },
		"bench":                      func(o *options) { o.command = "bench" },
		"bench 4":                    func(o *options) { o.command, o.conns = "bench", 4 },
		"9900 bench 4 1000":          func(o *options) { o.command, o.conns, o.requests = "bench", 4, 1000 },
		"bench --dim 7 4 1000":       func(o *options) { o.command, o.conns, o.requests, o.format.Dim = "bench", 4, 1000, 7 },
		"sustain -conns=3":           func(o *options) { o.command, o.conns = "sustain", 3 },
		"--window 1 sustain":         func(o *options) { o.command, o.window = "sustain", 1 },
		"sustain --vectors 64":       func(o *options) { o.command, o.vectors = "sustain", 64 },
		"sustain --warmup 0s":        func(o *options) { o.command, o.warmup = "sustain", 0 },
		"sustain --duration 1m":      func(o *options) { o.command, o.duration = "sustain", time.Minute },
		"--max-vectors 65 --port 80": func(o *options) { o.format.MaxVectors, o.port = 65, 80 },
	} {
		want := defaults
		change(&want)
		if got, err := parseOptions(strings.Fields(args)); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", args, got, err, want)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for args, says := range map[string]string{
		"--port x":                         `invalid value "x" for flag -port: allowed are 1 to 65535`,
		"--port 0":                         `invalid value "0" for flag -port: allowed are 1 to 65535`,
		"65536":                            `port is "65536"; allowed are 1 to 65535`,
		"9900x":                            `port is "9900x"; allowed are 1 to 65535`,
		"--dim 0":                          `allowed are 1 to 1048576`,
		"--max-vectors 65536":              `invalid value "65536" for flag -max-vectors: allowed are 1 to 65535`,
		"--host=":                          `invalid value "" for flag -host: allowed are an address and a name`,
		"--dim 1048576 --max-vectors 1000": `max_vectors is 1000; with dim 1048576 allowed are 1 to 511`,
		"--vectors 65":                     `--vectors is 65; with --max-vectors 64 allowed are 1 to 64`,
		"--window 65537":                   `allowed are 1 to 65536`,
		"--conns -1":                       `invalid value "-1" for flag -conns: allowed are 1 to 65535`,
		"--duration 0s":                    `allowed are 1ms to 24h0m0s, such as 500ms or 10s`,
		"--warmup ten":                     `invalid value "ten" for flag -warmup: allowed are 0s to 24h0m0s`,
		"--speed 9":                        `flag provided but not defined: -speed (--help lists what is allowed)`,
		"--port":                           `flag needs an argument: -port`,
		"blast":                            `command is "blast"; allowed are smoke, pipeline, bench and sustain`,
		"9900 9901":                        `command is "9901"`,
		"smoke 3":                          `"3" follows smoke`,
		"bench 0":                          `conns is "0"; allowed are 1 to 65535`,
		"bench 8 many":                     `requests is "many"; allowed are 1 to 1000000000`,
		"bench 8 100 7":                    `"7" follows bench`,
	} {
		status, stdout, stderr := tool(t, strings.Fields(args)...)
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "disrust-client: ") || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, stdout %q, stderr %q; want %q", args, status, stdout, stderr, says)
		}
	}
}

func TestComplaintIsOneLine(t *testing.T) {
	for _, args := range [][]string{{"--speed\nof light"}, {"--port", "9\n9"}, {"bl\nast"}} {
		status, _, stderr := tool(t, args...)
		if status != 2 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, `\n`) {
			t.Errorf("%q: status %d, stderr %q", args, status, stderr)
		}
	}
}
