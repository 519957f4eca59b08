package forest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReadChanging: a file that changes while it is read is refused, whatever changes. A file that
// another takes the place of is read as it was.
func TestReadChanging(t *testing.T) {
	content := bytes.Repeat([]byte("tree\n"), 4*headBytes)
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	write := func(flag int, at int64, text string) {
		f, err := os.OpenFile(path, flag, 0o600)
		if err == nil {
			_, err = f.WriteAt([]byte(text), at)
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		change  func()
		refused bool
	}{
		"nothing":     {func() {}, false},
		"longer":      {func() { write(os.O_WRONLY, int64(len(content)), "tree\n") }, true},
		"overwritten": {func() { write(os.O_WRONLY, 7, "x") }, true},
		"the end":     {func() { write(os.O_WRONLY, int64(len(content)-1), "x") }, true},
		"shorter":     {func() { write(os.O_WRONLY|os.O_TRUNC, 0, "tree\n") }, true},
		"replaced": {func() {
			next := filepath.Join(dir, "next")
			if err := os.WriteFile(next, []byte("other"), 0o600); err != nil {
				t.Error(err)
			}
			if err := os.Rename(next, path); err != nil {
				t.Error(err)
			}
		}, false},
	} {
		for _, young := range []bool{true, false} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if !young {
				old := time.Now().Add(-time.Hour)
				if err := os.Chtimes(path, old, old); err != nil {
					t.Fatal(err)
				}
			}
			meanwhile := Loader{Is: func([]byte) bool { c.change(); return true }}
			data, err := Read(path, meanwhile)
			switch {
			case !c.refused && (err != nil || !bytes.Equal(data, content)):
				t.Errorf("%s: %v, %d bytes", name, err, len(data))
			case c.refused && (err == nil || !strings.Contains(err.Error(), "changed while it was read")):
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
