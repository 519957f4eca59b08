package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

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
		if want := append(rowfile.AppendHeader(nil, int64(c.rows)), scores...); status != 0 || stderr != "" || stdout != "" || !bytes.Equal(read(t, out), want) {
			t.Errorf("%s, npy: status %d, stderr %q, stdout %q", name, status, stderr, stdout)
		}
	}
}

// TestScoreFailure: no connection ever answers, so the retries end as well.
func TestScoreFailure(t *testing.T) {
	rows, _ := rowsAndScores(1000, 128)
	file := inFile(t, "rows.f32", rows)
	status, stdout, stderr := tool(t, words("PORT score --conns 2 "+file, serve(t, 128, faults{close: 1}))...)
	if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "disrust-client: score: ") ||
		!strings.HasSuffix(stderr, " (does the server have the same --dim and --max-vectors?); 0 of 1000 rows are scored and written\n") {
		t.Errorf("status %d, stderr %q, stdout %q", status, stderr, stdout)
	}
}

func TestUnreadableRows(t *testing.T) {
	rows, _ := rowsAndScores(10, 128)
	for file, says := range map[string]string{
		inFile(t, "rows.f32", rows[1:]):       "rows.f32 has 5119 bytes: 9 rows of 128 float32, and 511 bytes too many",
		inFile(t, "rows.npy", rows):           "rows.npy is named .npy, but does not begin as such a file",
		inFile(t, "f.npy", npyRows(rows, 64)): "f.npy has rows of 64 features, not 128 (does --dim say what the server has?)",
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

func TestInterruptedScore(t *testing.T) {
	rows, scores := rowsAndScores(200_000, 3)
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &interrupting{at: string(scores[:4]), interrupt: cancel}, &bytes.Buffer{}
	status := run(ctx, words("PORT score --dim 3 --conns 1 "+inFile(t, "a.f32", rows), serve(t, 3, faults{})), stdout, stderr)
	if status != 1 || !strings.HasPrefix(stderr.String(), "disrust-client: score: interrupted; ") || !bytes.HasPrefix(scores, stdout.Bytes()) {
		t.Errorf("status %d, stderr %q, %d scores", status, stderr, stdout.Len()/4)
	}
}
