package main

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/wire"
)

// optionCases are command lines, and what each changes in the defaults. The defaults have the
// window of a closed loop.
var optionCases = map[string]func(*options){
	"":                                  func(o *options) {},
	"9901":                              func(o *options) { o.port = 9901 },
	"9901 pipeline":                     func(o *options) { o.port, o.command = 9901, findCommand("pipeline") },
	"--host ::1 smoke":                  func(o *options) { o.host = "::1" },
	"--addr [::1]:9 smoke":              func(o *options) { o.where = "[::1]:9" },
	"--addr=unix:/a/b pipeline":         func(o *options) { o.where, o.command = "unix:/a/b", findCommand("pipeline") },
	"bench":                             func(o *options) { o.command = findCommand("bench") },
	"9900 bench 8 1000":                 func(o *options) { o.command, o.requests = findCommand("bench"), 1000 },
	"bench --dim 7 4 1000":              func(o *options) { bench7(o); o.conns = span[int]{4, 4} },
	"--protocol 1 smoke":                func(o *options) { o.protocol, o.format = 1, wire.Default },
	"--max-vectors 65 --port 80":        func(o *options) { o.format.MaxVectors, o.port = 65, 80 },
	"sustain -conns=3":                  func(o *options) { sustained(o); o.conns = span[int]{3, 3} },
	"--window 1 sustain":                func(o *options) { sustained(o); o.window = 1 },
	"sustain --vectors 64":              func(o *options) { sustained(o); o.mix = drive.Uniform(64) },
	"sustain --vectors 1:70,64:5":       func(o *options) { sustained(o); o.mix = drive.Mix{{Vectors: 1, Weight: 70}, {Vectors: 64, Weight: 5}} },
	"9900 --port 9900 smoke":            func(o *options) {},
	"bench --conns 4 4":                 func(o *options) { o.command, o.conns = findCommand("bench"), span[int]{4, 4} },
	"sustain --warmup 0s":               func(o *options) { sustained(o); o.warmup = 0 },
	"sustain --duration 1m":             func(o *options) { sustained(o); o.duration = time.Minute },
	"sustain --replay a.npy":            func(o *options) { sustained(o); o.replay, o.verify = "a.npy", drive.ByReplay },
	"sustain --replay a --verify frame": func(o *options) { sustained(o); o.replay, o.verify = "a", drive.ByFrame },
	"bench --verify replay":             func(o *options) { o.command, o.verify = findCommand("bench"), drive.ByReplay },
	"sustain --reconnect --rate 2k": func(o *options) {
		sustained(o)
		o.reconnect, o.rate, o.window = true, span[float64]{2000, 2000}, 0
	},
	"sustain --seed 7":          func(o *options) { sustained(o); o.seed = 7 },
	"sustain --html a --csv -":  func(o *options) { sustained(o); o.html, o.csv = "a", "-" },
	"sustain --json a --hdr b":  func(o *options) { sustained(o); o.json, o.hdr = "a", "b" },
	"sustain --server-note x=y": func(o *options) { sustained(o); o.note = "x=y" },
	"sustain --rate 1.5k":       func(o *options) { sustained(o); o.rate, o.window = span[float64]{1500, 1500}, 0 },
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
	for _, f := range defaults().list() {
		tested := false
		for args := range optionCases {
			tested = tested || regexp.MustCompile(`-`+f.Name+`[ =]`).MatchString(args)
		}
		if !tested {
			t.Errorf("no case of TestOptions has --%s", f.Name)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for args, says := range map[string]string{
		"--port x":                          `--port x: a whole number from 1 to 65535 is allowed`,
		"--port 0":                          `--port 0: a whole number from 1 to 65535 is allowed`,
		"65536":                             `the first word (port) 65536: a whole number from 1 to 65535 is allowed`,
		"9900x":                             `the first word (port) 9900x: a whole number from 1 to 65535 is allowed`,
		"--dim -1":                          `--dim -1: a whole number from 0 to 65535 is allowed`,
		"--protocol 3":                      `--protocol 3: 1 or 2 is allowed`,
		"--max-vectors 65536":               `--max-vectors 65536: a whole number from 0 to 65535 is allowed`,
		"--addr 127.0.0.1":                  `--addr 127.0.0.1: host:port or unix:PATH, such as`,
		"--addr :9900":                      `--addr ":9900": host:port or unix:PATH`,
		"--addr a:0":                        `--addr "a:0": host:port or unix:PATH`,
		"--addr unix:":                      `--addr "unix:": host:port or unix:PATH`,
		"--addr a:1 --port 9900":            `--addr says where the server is: --host and --port`,
		"--host a --addr a:1":               `--addr says where the server is: --host and --port`,
		"9900 --addr a:1 smoke":             `--addr says where the server is: --host and --port (also as the first word)`,
		"report a --addr unix:/b":           `report does not know --addr`,
		"--port 9900 9901 smoke":            `--port 9900 and the first word (port) 9901 disagree`,
		"bench --conns 2 3":                 `--conns 2 and the first word after bench (conns) 3 disagree`,
		"--host=":                           `--host "": an address or a name, without a port or brackets, is allowed`,
		"--host=[::1]":                      `--host "[::1]": an address or a name, without a port or brackets, is allowed`,
		"--host=127.0.0.1:9900":             `--host "127.0.0.1:9900": an address or a name, without a port or brackets, is allowed`,
		"--dim 10000 --max-vectors 1000":    `--dim 10000 and --max-vectors 1000: a request of them has more than 16777216 bytes`,
		"sustain --protocol 1 --vectors 65": `--vectors has 65: with --max-vectors 64, 1 to 64 is allowed`,
		"sustain --max-vectors 64 --vectors 1:2,65:1": `--vectors has 65`,
		"sustain --vectors 1:x":                       `"1:x" is no mix: a number of vectors`,
		"sustain --window 65537":                      `--window 65537: a whole number from 1 to 65536 is allowed`,
		"sustain --conns -1":                          `--conns -1: a whole number from 1 to 65535, or a range such as 1..512, is allowed`,
		"sustain --conns 1..2":                        `--conns is a range; only sweep takes one`,
		"sustain --rate 1..2":                         `--rate is a range; only sweep takes one`,
		"sustain --rate 0":                            `--rate 0: a rate from 1 to 100M, such as 500, 10k, 1.5k or 2M, or a range such as 10k..2M, is allowed`,
		"sustain --rate NaN":                          `--rate NaN: a rate from 1 to 100M`,
		"sustain --rate 1G":                           `--rate 1G: a rate from 1 to 100M`,
		"sustain --rate 101M":                         `--rate 101M: a rate from 1 to 100M`,
		"sustain --rate 1k --window 3":                `--window is for a closed loop; with --rate, requests do not wait for answers`,
		"sustain --arrivals poisson":                  `--arrivals is for an open loop, which needs --rate`,
		"sustain --rate 1k --arrivals normal":         `--arrivals normal: constant or poisson is allowed`,
		"sustain --seed -1":                           `--seed -1: a whole number from 0 on is allowed`,
		"sustain --replay a --verify sum":             `--verify sum knows the scores of generated rows; with --replay, replay or frame is allowed`,
		"bench --verify max":                          `--verify max: sum, replay or frame is allowed`,
		"sustain --json a --html a":                   `a would be written twice: each of --html, --json, --csv and --hdr needs its own file`,
		"sustain --json=":                             `--json "": the name of a file is allowed`,
		"sustain --slo p99=1ms":                       `sustain does not know --slo (disrust-client sustain --help lists what it knows)`,
		"sweep --reconnect":                           `sweep does not know --reconnect`,
		"sweep --duration 1s":                         `sweep does not know --duration`,
		"sweep --slo p101=1ms":                        `--slo p101=1ms: a percentile up to p100 and a limit up to 1m0s, such as p99.9=1ms, is allowed`,
		"sweep --slo 99=1ms":                          `--slo 99=1ms: a percentile`,
		"sweep --slo p99":                             `--slo p99: a percentile`,
		"sweep --slo p99=2m":                          `--slo p99=2m: a percentile`,
		"sweep --rate 10k":                            `--rate is a single rate; a sweep takes a range, such as 10k..2M`,
		"sweep --rate 2k..1k":                         `--rate 2k..1k: a range goes from less to more, such as 10..20`,
		"sweep --rate 1k..1k":                         `a range goes from less to more`,
		"sweep --rate 1k..":                           `--rate 1k..: a rate from 1 to 100M`,
		"sweep --conns 1..9 --rate 1k..2k":            `--conns is a range, and --rate is given`,
		"sustain --duration 0s":                       `--duration 0s: a duration from 1ms to 24h, such as 500ms or 10s is allowed`,
		"sustain --warmup ten":                        `--warmup ten: a duration from 0 to 24h`,
		"--speed 9":                                   `there is no flag --speed: did you mean --seed?`,
		"--prot 9900":                                 `there is no flag --prot: did you mean --port?`,
		"--port":                                      `--port needs a value: a whole number from 1 to 65535`,
		"--conns 3":                                   `smoke does not know --conns`,
		"banch":                                       `there is no command "banch": did you mean bench?`,
		"sustian":                                     `there is no command "sustian": did you mean sustain?`,
		"unheard":                                     `(the commands are smoke, pipeline, bench, sustain, sweep, score, report, help, version)`,
		"prot 9900":                                   `there is no command "prot": did you mean --port?`,
		"9900 9901":                                   `there is no command "9901"`,
		"smoke 3":                                     `unexpected word "3" after smoke`,
		"bench 0":                                     `the first word after bench (conns) 0: a whole number from 1 to 65535`,
		"bench 8 many":                                `the second word after bench (requests) many: a whole number from 1 to 1000000000 is allowed`,
		"bench 8 100 7":                               `unexpected word "7" after bench`,
		"score":                                       `after score comes FILE`,
		"score a b":                                   `after score comes FILE`,
		"report":                                      `after report comes RUN.json...`,
		"9900 report a":                               `report does not know --port`,
	} {
		status, stdout, stderr := tool(t, strings.Fields(args)...)
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "disrust-client: ") || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, stdout %q, stderr %q; want %q", args, status, stdout, stderr, says)
		}
	}
}

func TestComplaintIsOneLine(t *testing.T) {
	for _, args := range [][]string{{"--speed\nof light", "9"}, {"--port", "9\n9"}, {"bl\nast"}} {
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
			for _, f := range defaults().list() {
				if strings.Contains(stdout, "\n  --"+f.Name+" ") != c.knows(f.Name) {
					t.Errorf("%s --help and --%s disagree", c.name, f.Name)
				}
			}
		}
	}
}

// TestExamples: the tool accepts the examples of help and README, and the README shows every
// flag and command.
func TestExamples(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, c := range commandTable {
		text += c.help
		if !regexp.MustCompile(`\ndisrust-client (9900 )?` + c.name + ` `).Match(page) {
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
}

// TestVersion: the word and the flag print the same line.
func TestVersion(t *testing.T) {
	for _, args := range []string{"--version", "version", "9900 version", "sustain --version"} {
		status, stdout, stderr := tool(t, strings.Fields(args)...)
		if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "disrust-client ") || strings.Count(stdout, "\n") != 1 {
			t.Errorf("%s: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
}

// TestReadme compares the README's table of flags with the code; with -update it writes the
// table.
func TestReadme(t *testing.T) {
	var table strings.Builder
	table.WriteString("| flag | default | for | |\n|---|---|---|---|\n")
	for _, f := range defaults().list() {
		value := f.Value.String()
		if value != "" {
			value = "`" + value + "` "
		}
		var knowing []string
		for _, c := range commandTable {
			if c.knows(f.Name) {
				knowing = append(knowing, c.name)
			}
		}
		who := strings.Join(knowing, ", ")
		if len(knowing) == len(commandTable)-1 {
			who = "all but report"
		}
		fmt.Fprintf(&table, "| `--%s` | %s| %s | %s |\n", f.Name, value, who, f.Help)
	}
	readme.Check(t, "README.md", "flags", table.String())
}
