// Package readme keeps text that stands in a README, such as a table of flags, the same as
// what the code says, and finds the commands and the programs that pages show. It is for tests.
//
// A text that Check compares stands between two comments:
//
//	<!-- begin of flags -->
//	<!-- end of flags -->
package readme

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write into READMEs what the code says")

// Check fails the test unless file has want between the comments with that name. With the
// test's flag -update it writes want there instead.
func Check(t *testing.T, file, name, want string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := replace(string(text), name, want)
	switch {
	case err != nil:
		t.Fatalf("%s: %v", file, err)
	case changed == string(text):
	case *update:
		if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the %s in %s are not what the code says; go test with -update writes them anew. They should be:\n%s", name, file, want)
	}
}

// CheckFile fails the test unless file holds want and nothing else. With the test's flag -update it
// writes want there instead.
func CheckFile(t *testing.T, file, want string) {
	t.Helper()
	text, err := os.ReadFile(file)
	switch {
	case err == nil && string(text) == want:
	case *update:
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	case err != nil:
		t.Fatal(err)
	default:
		t.Errorf("%s is not what the code says; go test with -update writes it anew", file)
	}
}

// replace puts want between the comments.
func replace(text, name, want string) (string, error) {
	begin, end := "<!-- begin of "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("there is no text between %q and %q", begin, end)
	}
	return before + begin + want + end + after, nil
}
