package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/tools/rowfile"
)

// rowsAndScores returns n encoded rows and the scores that they must get.
func rowsAndScores(n, dim int) (rows, scores []byte) {
	features, sums := drive.Rows(0, n, dim)
	return encoded(features), encoded(sums)
}

func encoded(values []float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// npyRows returns a .npy file of rows.
func npyRows(rows []byte, dim int) []byte {
	text := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }\n", len(rows)/4/dim, dim)
	head := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), 0)
	return append(append(head, text...), rows...)
}

func TestScore(t *testing.T) {
	const dim = 3
	port := serve(t, dim, faults{})
	for name, c := range map[string]struct {
		rows int
		args string
	}{
		"none":             {0, ""},
		"one":              {1, ""},
		"a request":        {64, ""},
		"several requests": {1000, ""},
		"one connection":   {1000, "--conns 1"},
		"small requests":   {1000, "--max-vectors 1 --conns 3"},
	} {
		rows, scores := rowsAndScores(c.rows, dim)
		args := words("PORT score --dim 3 "+c.args, port)
		status, stdout, stderr := tool(t, append(args, inFile(t, "rows.f32", rows))...)
		if status != 0 || stderr != "" || stdout != string(scores) {
			t.Errorf("%s, raw: status %d, stderr %q, %d bytes of scores", name, status, stderr, len(stdout))
		}
		out := t.TempDir() + "/scores.npy"
		status, stdout, stderr = tool(t, append(args, "--out", out, inFile(t, "rows.npy", npyRows(rows, dim)))...)
		if want := append(rowfile.AppendHeader(nil, int64(c.rows), 1), scores...); status != 0 || stderr != "" || stdout != "" || !bytes.Equal(read(t, out), want) {
			t.Errorf("%s, npy: status %d, stderr %q, stdout %q", name, status, stderr, stdout)
		}
	}
}

// TestScoreFailure: after the trial no connection ever answers, so the retries end as well.
func TestScoreFailure(t *testing.T) {
	rows, _ := rowsAndScores(1000, 128)
	file := inFile(t, "rows.f32", rows)
	for protocol, hint := range map[string]string{"1": " (does the server have the same --dim and --max-vectors?)", "2": ""} {
		port := serve(t, 128, faults{close: 1, spared: 1})
		status, stdout, stderr := tool(t, words("PORT score --protocol "+protocol+" --conns 2 "+file, port)...)
		if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "disrust-client: score: ") ||
			!strings.HasSuffix(stderr, hint+"; 0 of 1000 rows were scored, and nothing is written\n") || strings.Contains(stderr, "same --dim") != (hint != "") {
			t.Errorf("protocol %s: status %d, stderr %q, stdout %q", protocol, status, stderr, stdout)
		}
	}
}

// TestScoreOfOutputs: score writes all scores of a row, as the server's model gives them.
func TestScoreOfOutputs(t *testing.T) {
	rows, sums := rowsAndScores(100, 7)
	var want []byte
	for at := 0; at < len(sums); at += 4 {
		score := encoded([]float32{3 * math.Float32frombits(binary.LittleEndian.Uint32(sums[at:]))})
		want = append(append(want, score...), score...)
	}
	args := words("PORT score", serve(t, 7, faults{model: 3, outputs: 2}))
	if status, stdout, stderr := tool(t, append(args, inFile(t, "rows.f32", rows))...); status != 0 || stdout != string(want) {
		t.Errorf("raw: status %d, stderr %q, %d bytes", status, stderr, len(stdout))
	}
	want = append(rowfile.AppendHeader(nil, 100, 2), want...)
	if status, stdout, stderr := tool(t, append(args, inFile(t, "rows.npy", npyRows(rows, 7)))...); status != 0 || stdout != string(want) {
		t.Errorf("npy: status %d, stderr %q, %d bytes", status, stderr, len(stdout))
	}
}

// TestScoreOfChangedModel: a server that has another model than when it was asked gives no
// scores, although all have come.
func TestScoreOfChangedModel(t *testing.T) {
	rows, _ := rowsAndScores(100, 128)
	out := inFile(t, "scores", []byte("old"))
	port := serve(t, 128, faults{spared: 1, digest: 1})
	status, stdout, stderr := tool(t, words("PORT score --out "+out+" "+inFile(t, "rows.f32", rows), port)...)
	want := "disrust-client: score: the server has changed its model meanwhile; 100 of 100 rows were scored, and nothing is written\n"
	if status != 1 || stdout != "" || stderr != want || string(read(t, out)) != "old" {
		t.Errorf("status %d, stderr %q, %d bytes, the file holds %q", status, stderr, len(stdout), read(t, out))
	}
}

// TestScoreOfOtherDim: a server whose rows have another number of features gives no scores,
// although it would answer each request.
func TestScoreOfOtherDim(t *testing.T) {
	for _, c := range []struct{ server, tool, vectors, rows int }{
		{2, 3, 64, 100}, {1, 64, 1, 100}, {64, 128, 1, 1}, {127, 128, 64, 1}, {4, 3, 64, 100}, {6, 3, 1, 100}, {3, 1, 64, 100}, {128, 64, 1, 1},
	} {
		rows := make([]byte, 4*c.tool*c.rows)
		for _, name := range []string{"rows.f32", "rows.npy"} {
			for protocol, says := range map[int]string{
				1: `^a trial of 2 rows of zeros failed: .* \(does the server have the same --dim and --max-vectors\?\)$`,
				2: fmt.Sprintf(`^--dim %d: the server's model, "sum", has dim %d$`, c.tool, c.server),
			} {
				content := rows
				if name == "rows.npy" {
					content = npyRows(rows, c.tool)
				}
				out := inFile(t, "scores", []byte("old"))
				args := fmt.Sprintf("PORT score --protocol %d --dim %d --max-vectors %d --out %s %s", protocol, c.tool, c.vectors, out, inFile(t, name, content))
				o, err := parseOptions(words(args, serve(t, c.server, faults{})))
				if err != nil {
					t.Fatal(err)
				}
				o.stall = time.Second // a server with longer rows waits for more
				err = score(t.Context(), o, streams{})
				if err == nil || !regexp.MustCompile(says).MatchString(err.Error()) {
					t.Errorf("protocol %d: the server has %d features, the tool %d: %v", protocol, c.server, c.tool, err)
				}
				if string(read(t, out)) != "old" {
					t.Errorf("protocol %d: %d and %d features: scores were written", protocol, c.server, c.tool)
				}
			}
		}
	}
}

func TestUnreadableRows(t *testing.T) {
	rows, _ := rowsAndScores(10, 128)
	for file, says := range map[string]string{
		inFile(t, "rows.f32", rows[1:]):       "rows.f32 has 5119 bytes: 9 rows of 128 float32, and 511 bytes too many",
		inFile(t, "rows.npy", rows):           "rows.npy is named .npy, but does not begin as such a file",
		inFile(t, "f.npy", npyRows(rows, 64)): "f.npy has rows of 64 features, not 128 (the server's dim, or --dim in version 1)",
	} {
		status, stdout, stderr := tool(t, "--protocol", "1", "score", file)
		if status != 2 || stdout != "" || !strings.Contains(stderr, says) {
			t.Errorf("status %d, stderr %q, want %q", status, stderr, says)
		}
	}
}

// TestScoresSpareTheirRows: score does not overwrite the file of the rows.
func TestScoresSpareTheirRows(t *testing.T) {
	rows, _ := rowsAndScores(2, 128)
	file := inFile(t, "rows.f32", rows)
	status, _, stderr := tool(t, "--protocol", "1", "score", file, "--out", file)
	if status != 2 || !strings.Contains(stderr, "rows.f32 holds the rows: scores would destroy them") || !bytes.Equal(read(t, file), rows) {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// TestInterruptedScore: an interrupt in the middle leaves older scores, and no unfinished file.
func TestInterruptedScore(t *testing.T) {
	rows, _ := rowsAndScores(1000, 3)
	for _, name := range []string{"", "scores"} {
		t.Chdir(t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		args := "PORT score --dim 3 --conns 1 --max-vectors 1 " + inFile(t, "a.npy", npyRows(rows, 3))
		if name != "" {
			args += " --out " + name
			if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		port := serve(t, 3, faults{silent: 10, onSilence: cancel})
		var stdout, stderr bytes.Buffer
		status := run(ctx, words(args, port), &stdout, &stderr)
		if status != 1 || !regexp.MustCompile(`^disrust-client: score: interrupted; \d+ of 1000 rows were scored, and nothing is written\n$`).MatchString(stderr.String()) || stdout.Len() > 0 {
			t.Errorf("status %d, stderr %q, %d bytes", status, stderr.String(), stdout.Len())
		}
		entries, err := os.ReadDir(".")
		if err != nil || len(entries) > 1 || len(entries) == 1 && string(read(t, "scores")) != "old" {
			t.Errorf("left are %v, %v", entries, err)
		}
	}
}
