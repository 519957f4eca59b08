package main

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
)

// optionCases are command lines and what they change in the defaults, which have
// the window of a closed loop.
var optionCases = map[string]func(*options){
	"":                            func(o *options) {},
	"9901":                        func(o *options) { o.port = 9901 },
	"9901 pipeline":               func(o *options) { o.port, o.command = 9901, findCommand("pipeline") },
	"--host ::1 smoke":            func(o *options) { o.host = "::1" },
	"--addr [::1]:9 smoke":        func(o *options) { o.where = "[::1]:9" },
	"--addr=unix:/a/b pipeline":   func(o *options) { o.where, o.command = "unix:/a/b", findCommand("pipeline") },
	"bench":                       func(o *options) { o.command = findCommand("bench") },
	"9900 bench 8 1000":           func(o *options) { o.command, o.requests = findCommand("bench"), 1000 },
	"bench --dim 7 4 1000":        func(o *options) { bench7(o); o.conns = span[int]{4, 4} },
	"--max-vectors 65 --port 80":  func(o *options) { o.format.MaxVectors, o.port = 65, 80 },
	"sustain -conns=3":            func(o *options) { sustained(o); o.conns = span[int]{3, 3} },
	"--window 1 sustain":          func(o *options) { sustained(o); o.window = 1 },
	"sustain --vectors 64":        func(o *options) { sustained(o); o.mix = drive.Uniform(64) },
	"sustain --vectors 1:70,64:5": func(o *options) { sustained(o); o.mix = drive.Mix{{Vectors: 1, Weight: 70}, {Vectors: 64, Weight: 5}} },
	"sustain --warmup 0s":         func(o *options) { sustained(o); o.warmup = 0 },
	"sustain --duration 1m":       func(o *options) { sustained(o); o.duration = time.Minute },
	"sustain --replay a.npy":      func(o *options) { sustained(o); o.replay = "a.npy" },
	"sustain --seed 7":            func(o *options) { sustained(o); o.seed = 7 },
	"sustain --html a --csv -":    func(o *options) { sustained(o); o.html, o.csv = "a", "-" },
	"sustain --json a --hdr b":    func(o *options) { sustained(o); o.json, o.hdr = "a", "b" },
	"sustain --server-note x=y":   func(o *options) { sustained(o); o.note = "x=y" },
	"sustain --rate 1.5k":         func(o *options) { sustained(o); o.rate, o.window = span[float64]{1500, 1500}, 0 },
	"sustain --rate 2M --arrivals poisson": func(o *options) {
		sustained(o)
		o.rate, o.arrivals, o.window = span[float64]{2e6, 2e6}, drive.Poisson, 0
	},
	"sweep":                  func(o *options) { swept(o, 10e3, 2e6) },
	"sweep --rate 500..100k": func(o *options) { swept(o, 500, 100e3) },
	"sweep --slo p99=20us": func(o *options) {
		swept(o, 10e3, 2e6)
		o.slo = result.Bound{Percentile: 99, Limit: 20 * time.Microsecond}
	},
	"sweep --step 10s":     func(o *options) { swept(o, 10e3, 2e6); o.step = 10 * time.Second },
	"sweep --conns 16":     func(o *options) { swept(o, 10e3, 2e6); o.conns = span[int]{16, 16} },
	"sweep --conns 1..512": func(o *options) { swept(o, 0, 0); o.conns, o.window = span[int]{1, 512}, 64 },
	"score rows.npy":       func(o *options) { o.command, o.files = findCommand("score"), []string{"rows.npy"} },
	"9901 score 9.npy --out s": func(o *options) {
		o.command, o.port, o.files, o.out = findCommand("score"), 9901, []string{"9.npy"}, "s"
	},
	"report a b --html c": func(o *options) { o.command, o.files, o.html = findCommand("report"), []string{"a", "b"}, "c" },
}

func bench7(o *options) { o.command, o.requests, o.format.Dim = findCommand("bench"), 1000, 7 }

func sustained(o *options) { o.command = findCommand("sustain") }

func swept(o *options, low, high float64) {
	o.command, o.rate, o.window = findCommand("sweep"), span[float64]{low, high}, 0
}

func TestOptions(t *testing.T) {
	for args, change := range optionCases {
		want := defaults()
		want.window = 64
		change(want)
		got, err := parseOptions(strings.Fields(args))
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		got.typed, got.named = "", false
		if len(got.files) == 0 {
			got.files = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", args, got, want)
		}
	}
}

func TestEveryFlagIsTested(t *testing.T) {
	for _, f := range flagTable {
		tested := false
		for args := range optionCases {
			tested = tested || regexp.MustCompile(`-`+f.name+`[ =]`).MatchString(args)
		}
		if !tested {
			t.Errorf("no case of TestOptions has --%s", f.name)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for args, says := range map[string]string{
		"--port x":                            `invalid value "x" for flag -port: allowed are 1 to 65535`,
		"--port 0":                            `invalid value "0" for flag -port: allowed are 1 to 65535`,
		"65536":                               `port is "65536"; allowed are 1 to 65535`,
		"9900x":                               `port is "9900x"; allowed are 1 to 65535`,
		"--dim 0":                             `allowed are 1 to 1048576`,
		"--max-vectors 65536":                 `invalid value "65536" for flag -max-vectors: allowed are 1 to 65535`,
		"--addr 127.0.0.1":                    `invalid value "127.0.0.1" for flag -addr: allowed are host:port and unix:PATH`,
		"--addr :9900":                        `invalid value ":9900" for flag -addr: allowed are host:port and unix:PATH`,
		"--addr a:0":                          `invalid value "a:0" for flag -addr: allowed are host:port and unix:PATH`,
		"--addr unix:":                        `invalid value "unix:" for flag -addr: allowed is the name of a file`,
		"--addr a:1 --port 9900":              `--addr says where the server is: --host and --port`,
		"--host a --addr a:1":                 `--addr says where the server is: --host and --port`,
		"9900 --addr a:1 smoke":               `--addr says where the server is: --host and --port (also as the first word)`,
		"report a --addr unix:/b":             `report does not know --addr`,
		"--port 9900 9901 smoke":              `the port is given twice, as --port and as the first word`,
		"bench --conns 2 3":                   `connections are given twice, as --conns and after bench`,
		"--host=":                             `invalid value "" for flag -host: allowed are an address and a name`,
		"--host=[::1]":                        `invalid value "[::1]" for flag -host: allowed are an address and a name, without a port or brackets`,
		"--host=127.0.0.1:9900":               `invalid value "127.0.0.1:9900" for flag -host: allowed are an address and a name, without a port or brackets`,
		"--dim 1048576 --max-vectors 1000":    `max_vectors is 1000; with dim 1048576 allowed are 1 to 511`,
		"sustain --vectors 65":                `--vectors has 65; with --max-vectors 64 allowed are 1 to 64`,
		"sustain --vectors 1:2,65:1":          `--vectors has 65`,
		"sustain --vectors 1:x":               `"1:x" is no mix; allowed are`,
		"sustain --window 65537":              `allowed are 1 to 65536`,
		"sustain --conns -1":                  `invalid value "-1" for flag -conns: allowed are 1 to 65535`,
		"sustain --conns 1..2":                `--conns is a range; only sweep takes one`,
		"sustain --rate 1..2":                 `--rate is a range; only sweep takes one`,
		"sustain --rate 0":                    `allowed are 1 to 100M, such as 500, 10k, 1.5k or 2M`,
		"sustain --rate NaN":                  `allowed are 1 to 100M`,
		"sustain --rate 1G":                   `allowed are 1 to 100M`,
		"sustain --rate 101M":                 `allowed are 1 to 100M`,
		"sustain --rate 1k --window 3":        `--window is of a closed loop; with a rate requests wait for nothing`,
		"sustain --arrivals poisson":          `--arrivals are of an open loop, which needs --rate`,
		"sustain --rate 1k --arrivals normal": `arrivals are "normal"; allowed are constant and poisson`,
		"sustain --seed -1":                   `allowed are whole numbers from 0 on`,
		"sustain --json a --html a":           `"a" is to be written twice; allowed is one of --html, --json, --csv and --hdr`,
		"sustain --json=":                     `allowed is the name of a file`,
		"sustain --slo p99=1ms":               `sustain does not know --slo (disrust-client sustain --help lists what it knows)`,
		"sweep --duration 1s":                 `sweep does not know --duration`,
		"sweep --slo p101=1ms":                `allowed are a percentile up to p100 and a limit up to 1m0s, such as p99.9=1ms`,
		"sweep --slo 99=1ms":                  `allowed are a percentile`,
		"sweep --slo p99":                     `allowed are a percentile`,
		"sweep --slo p99=2m":                  `allowed are a percentile`,
		"sweep --rate 10k":                    `--rate is a single one; a sweep takes a range, such as 10k..2M`,
		"sweep --rate 2k..1k":                 `a range goes from less to more, such as 10..20`,
		"sweep --rate 1k..1k":                 `a range goes from less to more`,
		"sweep --rate 1k..":                   `allowed are 1 to 100M`,
		"sweep --conns 1..9 --rate 1k..2k":    `--conns is a range, and --rate is given`,
		"sustain --duration 0s":               `allowed are 1ms to 24h0m0s, such as 500ms or 10s`,
		"sustain --warmup ten":                `invalid value "ten" for flag -warmup: allowed are 0s to 24h0m0s`,
		"--speed 9":                           `flag provided but not defined: -speed (--help lists what is allowed)`,
		"--port":                              `flag needs an argument: -port`,
		"--conns 3":                           `smoke does not know --conns`,
		"blast":                               `command is "blast"; allowed are smoke, pipeline, bench, sustain, sweep, score and report`,
		"9900 9901":                           `command is "9901"`,
		"smoke 3":                             `"3" follows smoke`,
		"bench 0":                             `conns is "0"; allowed are 1 to 65535`,
		"bench 8 many":                        `requests is "many"; allowed are 1 to 1000000000`,
		"bench 8 100 7":                       `"7" follows bench`,
		"score":                               `after score comes FILE`,
		"score a b":                           `after score comes FILE`,
		"report":                              `after report comes RUN.json...`,
		"9900 report a":                       `report does not know --port`,
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

func TestTyped(t *testing.T) {
	got := typed([]string{"sustain", "--server-note", "it's 2 * fast", "--rate=1k", ""})
	if want := `disrust-client sustain --server-note 'it'\''s 2 * fast' --rate=1k ''`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestHelp(t *testing.T) {
	status, all, stderr := tool(t, "--help")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	for _, c := range commandTable {
		if !strings.Contains(all, "\n  "+c.name) {
			t.Errorf("%s is not in\n%s", c.name, all)
		}
		for _, args := range [][]string{{c.name, "--help"}, {"-h", "--host", "x", c.name}} {
			status, stdout, stderr := tool(t, args...)
			if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "usage: disrust-client [flags] ") || !strings.Contains(stdout, "\nexample") {
				t.Errorf("%v: status %d, stderr %q, stdout\n%s", args, status, stderr, stdout)
			}
			for _, f := range flagTable {
				if strings.Contains(stdout, "\n  --"+f.name+" ") != c.knows(f.name) {
					t.Errorf("%s --help and --%s disagree", c.name, f.name)
				}
			}
		}
	}
}

// TestExamples: what help and README show is understood, and README shows every
// flag and command.
func TestExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(readme)
	for _, c := range commandTable {
		text += c.help
		if !regexp.MustCompile(`\ndisrust-client (9900 )?` + c.name + ` `).Match(readme) {
			t.Errorf("README does not show %s", c.name)
		}
	}
	lines := regexp.MustCompile(`(?m)^ *(?:go run \./client/cmd/)?disrust-client ([^\n>#(\[]*)`).FindAllStringSubmatch(text, -1)
	for _, line := range lines {
		if _, err := parseOptions(strings.Fields(line[1])); err != nil {
			t.Errorf("disrust-client %s: %v", line[1], err)
		}
	}
	if len(lines) < 15 {
		t.Errorf("only %d examples", len(lines))
	}
	for _, f := range flagTable {
		if !strings.Contains(string(readme), "--"+f.name) {
			t.Errorf("README does not mention --%s", f.name)
		}
	}
}
