//go:build pages

package readme

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// adapted holds commands that TestPages runs in another form, which does the same in less time, or
// writes to $OUT and not into the clone.
var adapted = map[string]string{
	"go build ./server/cmd/disrust":                 `go build -o "$OUT/" ./server/cmd/disrust`,
	"go build ./client/cmd/disrust-client":          `go build -o "$OUT/" ./client/cmd/disrust-client`,
	"go run ./server/deploy dist":                   `go run ./server/deploy "$OUT/dist"`,
	"go test -c -o bufpool.test ./bufpool":          `go test -c -o "$OUT/bufpool.test" ./bufpool`,
	"go test -run '^$' -bench AllocSizes ./bufpool": "go test -run '^$' -bench AllocSizes -benchtime 1x ./bufpool",
	"go test -run '^$' -bench PoolSizes ./bufpool":  "go test -run '^$' -bench PoolSizes -benchtime 1x ./bufpool",

	"go test ./server/... -run Sim -sim.seeds 1000000":                                   "go test ./server/... -run Sim -sim.seeds 2",
	"go test ./server/... ./server/cmd/disrust ./server/torture -tiny":                   "go test ./server/... ./server/cmd/disrust ./server/torture -tiny -run '^$'",
	"go test ./server -run '^$' -fuzz FuzzPort -fuzzminimizetime 10x":                    "go test ./server -run '^FuzzPort$' -fuzzminimizetime 10x",
	"go test ./server/cmd/disrust -run '^$' -fuzz FuzzCommandLine -fuzzminimizetime 10x": "go test ./server/cmd/disrust -run '^FuzzCommandLine$' -fuzzminimizetime 10x",
	"go test ./server/internal/violation -run '^$' -fuzz FuzzSeen -fuzzminimizetime 10x": "go test ./server/internal/violation -run '^FuzzSeen$' -fuzzminimizetime 10x",

	"go test ./server/oip -run '^$' -fuzz FuzzBody -fuzzminimizetime 10x":                   "go test ./server/oip -run '^FuzzBody$' -fuzzminimizetime 10x",
	"go test ./server/internal/proxyheader -run '^$' -fuzz FuzzParse -fuzzminimizetime 10x": "go test ./server/internal/proxyheader -run '^FuzzParse$' -fuzzminimizetime 10x",
}

// elsewhere holds commands that TestPages does not run, by their first words, and says what runs
// them, or why nothing does.
var elsewhere = map[string]string{
	"go test work":                           "CI runs it as it stands in README.md",
	"go test -race work":                     "CI tests each module under the race detector",
	"go test -tags deploy":                   "CI runs it, with the programs that it needs",
	".ci/run":                                "TestPages is a part of it",
	"cd uring/oracle":                        "CI runs the oracle, which needs a module of its own",
	"go mod tidy":                            "TestPagesPrograms of disrust-client runs it, in the folder of each program",
	"go run .":                               "TestPagesPrograms of disrust-client builds and runs each program",
	"go get":                                 "possible once modules have tags",
	"git":                                    "makes a release",
	"server/bench/engines/install.sh":        "downloads packages for minutes",
	"env/bin/python":                         "measures for minutes; CI tests it with small models",
	"pip install ./client/python":            "CI installs the wheel that it builds",
	"pip install lightgbm":                   "CI installs pinned versions",
	"python -m build":                        "CI builds the wheel in a folder of its own",
	"pytest client/python":                   "CI runs it with the libraries that it needs",
	"python client/python/bench.py":          "measures for half a minute",
	"python client/python/bench_local.py":    "trains models and measures, for minutes",
	"python client/python/bench_datasets.py": "measures for minutes; CI runs it with a small model",
	"python client/python/examples/datasets/ray_data.py": "bench_datasets.py runs it in CI",
	"spark-submit":                          "bench_datasets.py runs it in CI",
	"python server/oip/bench.py":            "measures for half a minute",
	"go test -tags libraries":               "CI runs it, with the libraries that it needs",
	"go run ./client/languages/bench":       "measures for two minutes; its test measures for a moment",
	"clang":                                 "fuzzes without end, with a compiler that the tests do not need",
	"javac -d classes":                      "the tests of client/java run it",
	"java -cp classes":                      "the tests of client/java run it",
	"go test ./client/rust/...":             "runs cargo, with what it builds in a folder of its own; CI tests each module",
	"perf":                                  "needs the kernel's perf, and reads what a run of minutes recorded",
	"sh server/bench/served/install.sh":     "installs some 2 GB, for minutes",
	"cd server/internal/proxyheader/oracle": "CI runs the oracle, which needs a module of its own",
}

// TestPages runs every command of the pages that no tool's test runs, as a shell does, at the top of
// the repository. A new command of the go command is thus run, and any other fails the test, because
// what it does to the clone is not known.
func TestPages(t *testing.T) {
	out := t.TempDir()
	used := make(map[string]bool)
	for _, command := range Own(t, root, Rest) {
		if words := runElsewhere(command); words != "" {
			used[words] = true
			continue
		}
		line, found := adapted[command]
		if used[command] = true; !found {
			line = command
		}
		if !found && !strings.HasPrefix(command, "go ") && !strings.HasPrefix(command, "(cd ") {
			t.Errorf("%s: nothing says what runs this; a block that holds no commands names a language", command)
			continue
		}
		t.Run(command, func(t *testing.T) { runAtTop(t, line, out) })
	}
	for command := range adapted {
		if !used[command] {
			t.Errorf("no page shows %q", command)
		}
	}
	for words := range elsewhere {
		if !used[words] {
			t.Errorf("no page shows a command that begins with %q", words)
		}
	}
}

// runElsewhere returns the entry of elsewhere for a command, or "".
func runElsewhere(command string) string {
	for words := range elsewhere {
		if strings.HasPrefix(command+" ", words+" ") {
			return words
		}
	}
	return ""
}

// patience is how long a command may take. It only turns a hang into a failure.
const patience = 10 * time.Minute

func runAtTop(t *testing.T, line, out string) {
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", line)
	shell.Dir = top
	shell.Env = append(os.Environ(), "GOWORK="+filepath.Join(top, "go.work"), "OUT="+out)
	if text, err := shell.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", line, err, text)
	}
}
