package outfile_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/outfile"
)

func writes(text string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
}

func content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantFiles: the folder has these files and no others, such as unfinished ones.
func wantFiles(t *testing.T, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("the folder has %v, want %v", names, want)
	}
}

func TestWrite(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, text := range []string{"long text", "short", ""} {
		if err := outfile.Write("a", writes(text)); err != nil || content(t, "a") != text {
			t.Errorf("%q, %v; want %q", content(t, "a"), err, text)
		}
	}
	wantFiles(t, "a")
}

// TestFailedWrite: what fails to be written whole changes nothing.
func TestFailedWrite(t *testing.T) {
	t.Chdir(t.TempDir())
	wrong := errors.New("half is written")
	fails := func(w io.Writer) error { return errors.Join(writes("half")(w), wrong) }
	if err := outfile.Write("a", fails); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	wantFiles(t)
	if err := outfile.Write("a", writes("old")); err != nil {
		t.Fatal(err)
	}
	if err := outfile.Write("a", fails); !errors.Is(err, wrong) || content(t, "a") != "old" {
		t.Errorf("%q, %v", content(t, "a"), err)
	}
	wantFiles(t, "a")
}

// TestNothingBeforeCommit: until Commit the older file is there; Discard leaves it.
func TestNothingBeforeCommit(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := outfile.Write("a", writes("old")); err != nil {
		t.Fatal(err)
	}
	target, err := outfile.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	for _, commit := range []bool{false, true} {
		f, err := target.Create()
		if err != nil {
			t.Fatal(err)
		}
		if err := writes("new")(f); err != nil || content(t, "a") != "old" {
			t.Errorf("%q, %v", content(t, "a"), err)
		}
		if commit {
			if err := f.Commit(); err != nil {
				t.Error(err)
			}
		}
		f.Discard()
		wantFiles(t, "a")
	}
	if content(t, "a") != "new" {
		t.Errorf("after Commit: %q", content(t, "a"))
	}
}

func TestHold(t *testing.T) {
	for _, commit := range []bool{false, true} {
		var out bytes.Buffer
		f, err := outfile.Hold(&out)
		if err != nil {
			t.Fatal(err)
		}
		if err := writes("held")(f); err != nil || out.Len() > 0 {
			t.Errorf("%q, %v", out.String(), err)
		}
		want := ""
		if commit {
			want = "held"
			if err := f.Commit(); err != nil {
				t.Error(err)
			}
		}
		f.Discard()
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}

func TestUnwritable(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"none/a": "none/a: cannot create a file in its folder: ",
		"folder": "open folder: ",
	} {
		if _, err := outfile.Open(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	wantFiles(t, "folder")
}

// TestSame: a file is the same under each of its names, whether it is there or not.
func TestSame(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := outfile.Write("old", writes("old")); err != nil {
		t.Fatal(err)
	}
	open := func(name string) *outfile.Target {
		target, err := outfile.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"old", "./old", true}, {"new", "./new", true}, {"old", "new", false}, {"new", "newer", false}, {os.DevNull, os.DevNull, false},
	} {
		if got := open(c.a).Same(open(c.b)); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// TestOwnOutput: what goes to this process's own standard output stands behind what went there
// before.
func TestOwnOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	file, err := os.Create("out")
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	for _, text := range []string{"one ", "two "} {
		if err := outfile.Write("out", writes(text)); err != nil {
			t.Error(err)
		}
	}
	if _, err := file.WriteString("three"); err != nil || content(t, "out") != "one two three" {
		t.Errorf("%q, %v", content(t, "out"), err)
	}
}

// TestWriteAt: what stands first may be written last.
func TestWriteAt(t *testing.T) {
	t.Chdir(t.TempDir())
	target, err := outfile.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	var held bytes.Buffer
	for name, begin := range map[string]func() (*outfile.File, error){
		"a": target.Create, "held": func() (*outfile.File, error) { return outfile.Hold(&held) },
	} {
		f, err := begin()
		if err != nil {
			t.Fatal(err)
		}
		_, first := io.WriteString(f, "??34")
		_, again := f.WriteAt([]byte("12"), 0)
		_, last := io.WriteString(f, "5")
		if err := errors.Join(first, again, last, f.Commit()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if content(t, "a") != "12345" || held.String() != "12345" {
		t.Errorf("%q, %q", content(t, "a"), held.String())
	}
}

func TestSameFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{{"a", "./a", true}, {"a", "b", false}, {"a", "none", false}, {"none", "none", false}, {".", ".", false}} {
		if outfile.Same(c.a, c.b) != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, !c.same)
		}
	}
}
