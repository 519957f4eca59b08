// Package security_test keeps SECURITY.md, at the root of the repository, true.
package security_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/disrust/disrust/server/internal/testflag"
)

// root is the repository's.
const root = "../../.."

var (
	// row matches a row of the table: the files in its first cell, the tests in
	// its last.
	row    = regexp.MustCompile("(?m)^\\| (`[^|]*\\.(?:go|s)`) \\|.*\\|([^|]*)\\|$")
	quoted = regexp.MustCompile("`([^`]+)`")

	// unchecked matches what makes memory that the language does not vouch for.
	unchecked  = regexp.MustCompile(`(?m)^(import |\s+)"unsafe"$|^//go:linkname|\.Mmap(Ptr)?\(`)
	declaresIt = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// TestUnsafeIsListed compares the table of SECURITY.md with the repository: a
// file that ought to be in it, one that need not be, and a test that is no more.
func TestUnsafeIsListed(t *testing.T) {
	listed, named := readTable(t)
	unsafe, tests := readSources(t)
	for file := range unsafe {
		if !listed[file] {
			t.Errorf("%s imports unsafe, maps memory or is assembly: add a row to the table in SECURITY.md that says what it does, "+
				"why that is right, and which test would notice if it were not", file)
		}
	}
	for file := range listed {
		if !unsafe[file] {
			t.Errorf("SECURITY.md lists %s, which is gone or has nothing unsafe: take it out of the table", file)
		}
	}
	for test := range named {
		if !tests[test] {
			t.Errorf("SECURITY.md says that %s would notice, and there is no such test: name one that would", test)
		}
	}
}

func readTable(t *testing.T) (files, tests map[string]bool) {
	text, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, tests = map[string]bool{}, map[string]bool{}
	for _, cells := range row.FindAllSubmatch(text, -1) {
		for _, name := range quoted.FindAllSubmatch(cells[1], -1) {
			files[string(name[1])] = true
		}
		for _, name := range quoted.FindAllSubmatch(cells[2], -1) {
			tests[string(name[1])] = true
		}
	}
	if len(files) == 0 || len(tests) == 0 {
		t.Fatal("SECURITY.md has no table of files and tests")
	}
	return files, tests
}

// readSources returns the files to be listed, and all tests there are.
func readSources(t *testing.T) (unsafe, tests map[string]bool) {
	unsafe, tests = map[string]bool{}, map[string]bool{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (name == "testdata" || name[0] == '.' || name[0] == '_'):
			return fs.SkipDir
		case strings.HasSuffix(name, ".s"):
			unsafe[path] = true
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		source, err := os.ReadFile(filepath.Join(root, path))
		if strings.HasSuffix(name, "_test.go") {
			for _, test := range declaresIt.FindAllSubmatch(source, -1) {
				tests[string(test[1])] = true
			}
		} else if unchecked.Match(source) {
			unsafe[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return unsafe, tests
}
