//go:build linux

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/wire"
)

const (
	fourClasses = lightgbmModels + "/lgb_multiclass/model.txt" // 3 iterations, dim 8
	labels      = onnxModels + "/onnx_classes/model.onnx"      // four, dim 2
	bestIsFour  = xgboostModels + "/xgb_best/model.json"       // of 6 iterations, dim 12
)

// connect returns a client that expects nothing, so it takes what the welcome says.
func connect(t *testing.T, d *daemontest.Daemon) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), client.Config{Addrs: []string{d.Addr}})
	rawtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// TestModelName: the welcome has the name that --model gives, or else the file's.
func TestModelName(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"fraud.v2.txt", ".txt", "a=b/m.txt", "sum", "plain", "new\nline.txt"} {
		copyFile(t, testModel, filepath.Join(dir, file))
	}
	for value, want := range map[string]string{
		"fraud.v2.txt":             "fraud.v2",
		".txt":                     ".txt",
		"fraud=fraud.v2.txt":       "fraud",
		"\u00fc b=plain":           "\u00fc b",
		"./a=b/m.txt":              "m",
		dir + "/a=b/m.txt":         "m",
		"n=a=b/m.txt":              "n",
		"./sum":                    "sum",
		"plain":                    "plain",
		"new\nline.txt":            "new\nline",
		longName + "=plain":        longName,
		"sum=" + dir + "/plain":    "sum",
		"plain=./a=b/../a=b/m.txt": "plain",
	} {
		cmd := exec.Command(daemon, small("--model", value)[1:]...)
		cmd.Dir = dir
		d := daemontest.StartCommand(t, cmd)
		if got := connect(t, d).Servers()[0].ModelName; got != want {
			t.Errorf("--model %s: the model's name is %q, not %q", value, got, want)
		}
		if _, err := client.Dial(t.Context(), client.Config{Addrs: []string{d.Addr}, ModelName: "another"}); err == nil {
			t.Errorf("--model %s: a client that asks for another model is served", value)
		}
		d.Terminate()
	}
}

// longName is as long as a name may be.
var longName = strings.Repeat("n", wire.MaxNameBytes)

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	rawtest.Check(t, err)
	rawtest.Check(t, os.MkdirAll(filepath.Dir(to), 0o755))
	rawtest.Check(t, os.WriteFile(to, data, 0o644))
}

// TestModelOptions: --output and --iterations decide what the welcome says and what is answered.
func TestModelOptions(t *testing.T) {
	for _, test := range []struct {
		file, flags string
		options     forest.Options
		outputs     int
		kind        wire.Kind
		counted     int // iterations, if not all
	}{
		{fourClasses, "", forest.Options{}, 4, wire.Prob, 0},
		{fourClasses, "--output raw", forest.Options{Output: wire.Raw}, 4, wire.Raw, 0},
		{fourClasses, "--output prob --iterations all", forest.Options{}, 4, wire.Prob, 0},
		{fourClasses, "--output class --iterations 2", forest.Options{Output: wire.Class, Iterations: 2}, 1, wire.Class, 2},
		{fourClasses, "--iterations 3", forest.Options{}, 4, wire.Prob, 0},
		{labels, "", forest.Options{}, 4, wire.Prob, 0},
		{labels, "--output raw --iterations all", forest.Options{Output: wire.Raw}, 4, wire.Raw, 0},
		{labels, "--output class --dim 2", forest.Options{Output: wire.Class}, 1, wire.Class, 0},
		{bestIsFour, "--iterations best", forest.Options{Iterations: 4}, 1, wire.Prob, 4},
		{bestIsFour, "--iterations 1 --output class", forest.Options{Output: wire.Class, Iterations: 1}, 1, wire.Class, 1},
		{bestIsFour, "--output raw --dim 12", forest.Options{Output: wire.Raw}, 1, wire.Raw, 0},
	} {
		t.Run(filepath.Base(test.file)+" "+test.flags, func(t *testing.T) {
			c := connect(t, start(t, append([]string{"--model", test.file}, strings.Fields(test.flags)...)...))
			rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(test.file), "rows.npy"))
			want := client.Server{Dim: rows.Columns, Outputs: test.outputs, MaxVectors: 64, Kind: test.kind, Identity: identity(t, test.file, test.counted), ModelName: "model"}
			got := c.Servers()[0]
			want.Addr = got.Addr
			if got != want {
				t.Errorf("the server says it is\n%+v, not\n%+v", got, want)
			}
			wantScores(t, c, test.file, test.options, rows)
		})
	}
}

// identity computes a model's identity as the protocol defines it.
func identity(t *testing.T, file string, iterations int) wire.Identity {
	t.Helper()
	data, err := os.ReadFile(file)
	rawtest.Check(t, err)
	if iterations > 0 {
		data = fmt.Appendf(data, "\x00iterations=%d", iterations)
	}
	return sha256.Sum256(data)
}

// wantScores compares the served scores with those of the same file in this process.
func wantScores(t *testing.T, c *client.Client, file string, o forest.Options, rows goldentest.Array) {
	t.Helper()
	m, err := modelflag.Load(file, o)
	rawtest.Check(t, err)
	want := make([]float32, len(rows.Data)/rows.Columns*m.Shape().Outputs)
	got := make([]float32, len(want))
	rawtest.Check(t, m.Score(want, rows.Data))
	rawtest.Check(t, c.Score(t.Context(), got, rows.Data))
	if !sameBits(got, want) {
		t.Error("the scores differ from those of the same options without a server")
	}
}

// TestModelOnReadyLine: the ready line says what the file holds, what of it counts, and what it
// costs.
func TestModelOnReadyLine(t *testing.T) {
	const costs = `\d[\d.]* us a row alone, \d[\d.]* of 8 and \d[\d.]* of 64( \([^)]+\))?, up to 64 vectors per request`
	for _, test := range []struct{ args, says string }{
		{"four=" + fourClasses, `model four \(LightGBM text v4, multiclass num_class:4, 12 trees with 144 leaves, SHA-256 HEX; [\d.]+ .?i?B\), dim 8, 4 outputs \(prob\), ` + costs},
		{fourClasses + " --iterations 2 --output class", `model model \(LightGBM .*, 2 of 3 iterations, SHA-256 HEX; .* 1 output \(class\), `},
		{bestIsFour, `\(XGBoost 3\.2\.0 JSON, binary:logistic, 6 trees with \d+ leaves, all 6 iterations although the file says that 4 are best, SHA-256 HEX; `},
		{bestIsFour + " --iterations best", `, 4 trees with \d+ leaves, 4 of 6 iterations, SHA-256 HEX; `},
		{"o=" + labels, `model o \(ONNX of make\.py, 7 trees with 34 leaves, SHA-256 HEX; [\d.]+ .?i?B\), dim 2, 4 outputs \(prob\), ` + costs},
		{"l=" + xgboostModels + "/xgb_linear/model.ubj", `model l \(XGBoost 3\.2\.0 UBJSON, binary:logistic, linear, SHA-256 HEX; .*, dim 12, 1 output \(prob\), ` + costs},
	} {
		args := append([]string{"--model"}, strings.Fields(test.args)...)
		d := start(t, args...)
		_, file := modelflag.Split(strings.Fields(test.args)[0])
		sha256 := identity(t, file, 0) // of the file, whatever counts of it
		digits := fmt.Sprintf("%x", sha256[:6])
		if says := strings.ReplaceAll(test.says, "HEX", digits); !regexp.MustCompile(says).MatchString(d.Ready) {
			t.Errorf("%s: %s does not say %s", test.args, d.Ready, says)
		}
	}
}

// TestModelInPlan: the plan has the model's memory, and names the flag that decides it.
func TestModelInPlan(t *testing.T) {
	row := regexp.MustCompile(`(?m)^  model +1 +([\d.]+ .?i?B) +([\d.]+ .?i?B)  --model$`)
	plan := planOf(t, "plan", "--model", fourClasses)
	in := row.FindStringSubmatch(plan)
	if in == nil || in[1] != in[2] {
		t.Fatalf("the plan has no row of the model:\n%s", plan)
	}
	if beside := regexp.MustCompile(`(?m)^  model before, and one being loaded +2 +([\d.]+ .?i?B) .*  --model$`).FindStringSubmatch(plan); beside == nil || beside[1] != in[1] {
		t.Errorf("the plan does not have the models of a reload:\n%s", plan)
	}
	if ready := start(t, "--model", fourClasses).Ready; !strings.Contains(ready, "; "+in[1]+")") {
		t.Errorf("the model takes %s in the plan; the ready line is %s", in[1], ready)
	}
	if plan := planOf(t, "plan"); row.MatchString(plan) {
		t.Errorf("the built-in model has a row:\n%s", plan)
	}
}

// TestKernel: the ready line names the kernel, the scores have the same bits with each, and one that this
// processor does not run is refused.
func TestKernel(t *testing.T) {
	rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(fourClasses), "rows.npy"))
	for k := kernel.Portable; k <= kernel.AVX512; k++ {
		args := []string{"--model", fourClasses, "--kernel", k.String()}
		if k.Check() != nil {
			wantRefused(t, 2, args, "--kernel: the kernel "+k.String()+" needs ")
			continue
		}
		d := start(t, args...)
		if says := regexp.MustCompile(`us a row alone, .* of \d+ \((.*?)\), `).FindStringSubmatch(d.Ready); says == nil {
			t.Errorf("%v: no kernel on the ready line: %s", k, d.Ready)
		} else if k == kernel.Portable && says[1] != "portable" {
			t.Errorf("the portable kernel is called %q", says[1])
		}
		wantScores(t, connect(t, d), fourClasses, forest.Options{Kernel: kernel.Portable}, rows)
	}
}
