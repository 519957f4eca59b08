//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/wire"
)

// stumps is a LightGBM model of two trees with a split each: on the first feature at 0, and on the
// last at 2.
const stumps = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=127
objective=binary sigmoid:1
feature_names=%s
feature_infos=%s
tree_sizes=%d %d

%s%send of trees

feature_importances:

parameters:
end of parameters

pandas_categorical:null
`

const stump = `Tree=%d
num_leaves=2
num_cat=0
split_feature=%d
split_gain=1
threshold=%d
decision_type=2
left_child=-1
right_child=-2
leaf_value=%g %g
leaf_weight=1 1
leaf_count=1 1
internal_value=0
internal_weight=2
internal_count=2
is_linear=0
shrinkage=1


`

// stumpScore is the probability that stumps gives a row.
func stumpScore(row []float32) float32 {
	raw := 0.5
	if row[0] > 0 {
		raw = -0.25
	}
	if row[len(row)-1] > 2 {
		raw++
	}
	return float32(1 / (1 + math.Exp(-raw)))
}

// writeModels makes a folder with stumps, rows and scores, and without any environment.
func writeModels(t *testing.T) (folder string, scores []float32) {
	t.Helper()
	folder = t.TempDir()
	first, last := fmt.Sprintf(stump, 0, 0, 0, 0.5, -0.25), fmt.Sprintf(stump, 1, wire.DefaultDim-1, 2, 0., 1.)
	names, infos := make([]string, wire.DefaultDim), make([]string, wire.DefaultDim)
	for i := range names {
		names[i], infos[i] = fmt.Sprintf("f%d", i), "[-100:100]"
	}
	text := fmt.Sprintf(stumps, strings.Join(names, " "), strings.Join(infos, " "), len(first), len(last), first, last)
	rows, scores := drive.Rows(0, 200, wire.DefaultDim)
	for i := range scores {
		scores[i] = stumpScore(rows[i*wire.DefaultDim : (i+1)*wire.DefaultDim])
	}
	for name, content := range map[string]any{"rows.f32": rows, "scores.f32": scores, "model.txt": []byte(text)} {
		packed, err := binary.Append(nil, binary.LittleEndian, content)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), packed, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder, scores
}

// TestServed: servers of a model are compared per row. The report names those that the machine
// cannot run.
func TestServed(t *testing.T) {
	folder, _ := writeModels(t)
	raw, page := filepath.Join(t.TempDir(), "runs.json"), filepath.Join(t.TempDir(), "page.html")
	var stdout, stderr bytes.Buffer
	args := append(short, "--model", folder, "--work", "2x1,1x1x64", "--json", raw, "--html", page)
	if status := run(t.Context(), args, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	report := read(t, raw)
	peers := names(models(folder).served())
	if here := []string{"disrust", "disrust-sum", "go-tcp", "go-grpc"}; len(report.Runs) != 2*len(here) || len(report.Missing) != len(peers)-len(here) {
		t.Errorf("%d runs; %v are missing", len(report.Runs), report.Missing)
	}
	for _, m := range report.Missing {
		if want := "left out: " + m.Name + ": " + m.Text + "\n"; !strings.Contains(stdout.String(), want) || !strings.Contains(m.Text, "install.sh makes it") {
			t.Errorf("the table does not say %q", want)
		}
		if !strings.Contains(stderr.String(), m.Name+" is left out: ") {
			t.Errorf("the progress does not say that %s is left out", m.Name)
		}
	}
	for _, r := range report.Runs {
		rows := report.Rows()
		for i := range rows {
			if rows[i].Peer == r.Peer && rows[i].Work == r.Work && math.Abs(rows[i].Rate.Median/r.Rate-float64(r.Vectors)) > 1e-6 {
				t.Errorf("%s at %s: %v rows/s, %v requests/s of %d", r.Peer, r.Work, rows[i].Rate.Median, r.Rate, r.Vectors)
			}
		}
	}
	if !strings.Contains(stdout.String(), "k rows/s") || !report.PerRow {
		t.Error("the table is not per row")
	}
	checkTable(t, &report, stdout.String())
	checkPage(t, &report, page)
}

// TestServedWrongly: every server's scores are compared with the file's.
func TestServedWrongly(t *testing.T) {
	folder, scores := writeModels(t)
	right, err := models(folder).sample()
	if err != nil {
		t.Fatal(err)
	}
	scores[0] = 1 - scores[0]
	wrong := &load.Sample{Rows: right.Rows, Scores: scores}
	for _, name := range []string{"disrust", "go-tcp", "go-grpc"} {
		o, err := parseOptions(append(short, "--model", folder, "--peers", name, "--work", "1x1x64"))
		if err != nil {
			t.Fatal(err)
		}
		drives := o.peers[0].drive
		o.peers[0].drive = func(ctx context.Context, c load.Config) (sample.Total, error) {
			if c.Vectors == 64 { // not while the benchmark waits for the first right answer
				c.Sample = wrong
			}
			return drives(ctx, c)
		}
		var stdout, stderr bytes.Buffer
		err = benchmark(t.Context(), o, "bench", &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), "answered wrongly: score 1 of ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestModelRefused(t *testing.T) {
	lack := func(name string) string {
		folder, _ := writeModels(t)
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	short, _ := writeModels(t)
	if err := os.Truncate(filepath.Join(short, "rows.f32"), 4000); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		"/nonexistent":     "there is no /nonexistent/rows.f32: server/bench/served/install.sh makes it",
		lack("scores.f32"): "scores.f32: server/bench/served/install.sh makes it",
		lack("model.txt"):  "model.txt: server/bench/served/install.sh makes it",
		short:              "200 scores for 1000 features, which are not 128 for each",
	} {
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), []string{"--model", folder}, &stdout, &stderr); status != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("status %d and %q, want %q", status, &stderr, want)
		}
	}
}
