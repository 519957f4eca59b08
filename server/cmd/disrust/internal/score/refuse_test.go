package score

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
)

// refused runs the command over an older file of scores, which must stay, and returns the status and
// stderr.
func refused(t *testing.T, args ...string) (status int, stderr string) {
	t.Helper()
	t.Chdir(filepath.Dir(put(t, "scores", []byte("old"))))
	stdout, stderr, status := commandtest.Run(t, Command, args...)
	if stdout != "" || status == 0 {
		t.Errorf("%q: status %d, stdout %q", args, status, stdout)
	}
	wantOld(t)
	return status, stderr
}

func TestFilesRefused(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	double := bytes.Replace(npyRows(f.rows, 8), []byte("<f4"), []byte("<f8"), 1)
	for path, want := range map[string]string{
		put(t, "a.npy", npyRows(f.rows[:30], 5)):      "a.npy has rows of 5 features, not 8 (the features of " + f.path + ")",
		put(t, "b.npy", append(double, double...)):    "has dtype '<f8'; allowed is '<f4', little-endian float32 (save it as rows.astype('<f4')) or give --cast",
		put(t, "c.npy", npyRows(f.rows, 8)[:1000]):    "bytes of rows, but its header says 96 rows of 32 bytes",
		put(t, "d.f32", make([]byte, 33)):             "has 33 bytes: 1 rows of 8 float32, and 1 bytes too many",
		put(t, "e.csv", make([]byte, 64)):             "is named .csv, but does not begin as such a file",
		put(t, "f.parquet", []byte("PAR1")):           "is a Parquet file",
		put(t, "g.csv", nil):                          "g.csv, line 1: there is none that is not blank; a file without rows has a header",
		put(t, "h.csv", []byte("\n\n")):               "h.csv, line 1: there is none that is not blank",
		filepath.Join(t.TempDir(), "none.npy"):        "none.npy: ",
		t.TempDir():                                   "is no regular file",
		put(t, "i.csv", []byte("\xff\xfe1\x00,\x00")): "",
	} {
		status, stderr := refused(t, f.path, path, "-o", "scores")
		if status != 1 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: status %d, %q, want %q", path, status, stderr, want)
		}
	}
}

func TestCommandLinesRefused(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	rows := put(t, "rows.npy", npyRows(f.rows, 8))
	for line, c := range map[string]struct {
		status int
		want   string
	}{
		"MODEL ROWS":                              {2, "--out is missing"},
		"MODEL -o scores":                         {2, "is missing"},
		"MODEL ROWS more -o scores":               {2, `unexpected word "more"`},
		"MODEL ROWS -o - --json":                  {2, "--json and --out - both write to standard output"},
		"MODEL ROWS -o scores --header=skip":      {2, "--header is for CSV, and ROWS is none"},
		"MODEL ROWS -o scores --threads 1025":     {2, "a whole number from 0 to 1024"},
		"MODEL ROWS -o ROWS":                      {1, "ROWS would be destroyed: the same command reads it"},
		"MODEL ROWS -o MODEL":                     {1, "MODEL would be destroyed"},
		"MODEL ROWS -o nowhere/scores":            {1, "cannot write: nowhere/scores: "},
		"ROWS ROWS -o scores":                     {1, "a NumPy array"},
		"MODEL ROWS -o scores --iterations best":  {1, "best"},
		"MODEL ROWS -o scores --iterations 99999": {1, "99999"},
	} {
		words := strings.NewReplacer("MODEL", f.path, "ROWS", rows)
		status, stderr := refused(t, strings.Fields(words.Replace(line))...)
		if status != c.status || !strings.Contains(stderr, words.Replace(c.want)) {
			t.Errorf("%s: status %d, %q, want %q", line, status, stderr, c.want)
		}
	}
	if _, err := os.Stat(rows); err != nil {
		t.Error(err)
	}
}

// TestFieldsRefused: a file of CSV with something wrong in its middle. Blocks are scored by several
// threads, and the first error in the file is the one that is told.
func TestFieldsRefused(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	const at = 10_000
	good := bytes.Split(csvRows(slices.Repeat(f.rows, 24_000/96), 8, f.model.About.Features...), []byte("\n"))
	for line, want := range map[string]string{
		"1,2,3,4,x,6,7,8":           `, line 10000, column 5 ("Column_4"): "x" is no number`,
		"1,2,3,1e39,5,6,7,8":        `, line 10000, column 4 ("Column_3"): "1e39" is beyond the range of float32; infinity is written inf`,
		"1,2,3,0x1g,5,6,7,8":        `"0x1g" is no number`,
		"1,2,3,True,5,6,7,8":        `"True" is no number`,
		"1,2,3,4,5,6,7":             `, line 10000: it does not have 8 fields, as the first line has`,
		"1,2,3,4,5,6,7,8,9":         `, line 10000: it does not have 8 fields`,
		"1,2,3,4,5,6,7,8\"":         `, line 10000: a quote stands in a field that does not begin with one`,
		"1,2,3,4,5,6,7,\"8\"8":      `, line 10000: a field in quotes has no end, or a quote in it is not doubled`,
		"1,2,3,4,\"5\n5\",6,7,8":    `, line 10000, column 5 ("Column_4"): "5\n5" is no number`,
		"\"\n1\",2,3,4,5,6,7,\xff8": `, line 10001, column 8 ("Column_7"): "\xff8" is no number`,
		"1\r,2,3,4,5,6,\"7\x1b\",8": `"7\x1b" is no number`,
	} {
		for _, last := range []string{"y", "1"} { // another error, which stands behind
			lines := slices.Clone(good)
			lines[at-1], lines[at+10_000] = []byte(line), []byte(last+",2,3,4,5,6,7,8")
			file := put(t, "rows.csv", bytes.Join(lines, []byte("\n")))
			status, stderr := refused(t, f.path, file, "-o", "scores", "--threads", "4")
			if status != 1 || !strings.Contains(stderr, want) || !strings.HasPrefix(stderr, "disrust: score: "+file) || !strings.HasSuffix(stderr, " rows were scored, and nothing is written\n") {
				t.Errorf("%q: status %d, %q, want %q", line, status, stderr, want)
			}
		}
	}
}

func TestHeadersRefused(t *testing.T) {
	lgb, names := load(t, "lightgbm/lgb_binary", forest.Options{}), load(t, "xgboost/xgb_names", forest.Options{})
	features := names.model.About.Features
	if len(features) < 3 {
		t.Fatalf("features %q", features)
	}
	header := func(change func(list []string) []string) string {
		return string(csvRows(nil, len(features), change(slices.Clone(features))...))
	}
	columns := strings.Join(lgb.model.About.Features, ",")
	for _, c := range []struct {
		f            fixture
		content, arg string
		want         string
	}{
		{names, header(func(l []string) []string { l[1] += "x"; return l }), "",
			fmt.Sprintf(`the header has no column for the feature %q; is the column %q meant for %[1]q?`, features[1], features[1]+"x")},
		{names, header(func(l []string) []string { return append(l, l[2]) }), "", fmt.Sprintf(`the header has several columns for the feature %q`, features[2])},
		{lgb, "a,b,c,d,e,f,g,h\n", "", `the header has no column for the features "Column_0", "Column_1", "Column_2"`},
		{lgb, "a,b,c,d,e,f,g,h\n", "", `; --header skip takes the columns in the model's order`},
		{lgb, "a,b\n", "", `"Column_7"`},
		{lgb, "0,1,2,3,4,5,6,7\n", "", "the numbers 0 to 7 may be a row, or the header that pandas writes for columns without names: say --header none or --header skip"},
		{lgb, "1,2,3\n", "", "line 1: it has 3 columns, and the model has 8 features"},
		{lgb, columns + ",more\n", "skip", "line 1: it has 9 columns, and the model has 8 features"},
		{lgb, columns + "\n", "none", `line 1, column 1: "Column_0" is no number`},
		{lgb, "1,2,3,4,5,6,7,8\n", "names", `the header has no column for the features "Column_0"`},
		{lgb, strings.ReplaceAll(columns, ",", ";") + "\n", "", "commas must separate the columns, or tabs in a file named .tsv"},
		{lgb, "1;2;3;4\n", "none", "commas must separate the columns"},
		{lgb, "\n\n\"Column_0\nx\n", "", "line 3: a field in quotes has no end, or a quote in it is not doubled"},
		{lgb, "\xff\xfeC\x00o\x00l\x00u\x00m\x00n\x00", "", "line 1: the text is UTF-16: save it as UTF-8"},
	} {
		args := []string{c.f.path, put(t, "rows.csv", []byte(c.content)), "-o", "scores"}
		if c.arg != "" {
			args = append(args, "--header", c.arg)
		}
		if status, stderr := refused(t, args...); status != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: status %d, %q, want %q", c.content, status, stderr, c.want)
		}
	}
}

// TestOpenQuote: a quote that is never closed does not take the whole file into memory.
func TestOpenQuote(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	content := append([]byte("1,2,3,4,5,6,7,8\n1,\"2"), bytes.Repeat([]byte(",3\n"), 12<<20)...)
	status, stderr := refused(t, f.path, put(t, "rows.csv", content), "-o", "scores")
	if want := "line 2: it has no end within 16 MiB; perhaps a quote is opened and never closed"; status != 1 || !strings.Contains(stderr, want) {
		t.Errorf("status %d, %q", status, stderr)
	}
}

// TestSeveralNames: names that a model has twice choose no columns.
func TestSeveralNames(t *testing.T) {
	var c columns
	if _, err := c.read([]string{"a", "b"}, headerAuto, []string{"a", "a"}, 2); err == nil || !strings.Contains(err.Error(), `the model has several features of the name "a"`) {
		t.Error(err)
	}
}

func TestListed(t *testing.T) {
	if got := listed(numbered("x", 23)); !strings.HasPrefix(got, `"x0", "x1"`) || !strings.HasSuffix(got, `"x19" and 3 more`) {
		t.Error(got)
	}
	if got := rowfile.AppendHeader(nil, 1<<62, 65535); len(got) != len(rowfile.AppendHeader(nil, 0, 65535)) {
		t.Errorf("the size of a header depends on the rows: %d", len(got))
	}
}
