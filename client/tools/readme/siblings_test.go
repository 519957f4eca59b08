package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the top of the repository.
const root = "../../.."

// TestSiblings compares the table in CONTRIBUTING.md of the modules that a module needs with
// the modules' go.mod; with -update it writes the table.
func TestSiblings(t *testing.T) {
	mods, err := filepath.Glob(filepath.Join(root, "*/go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, nested := range []string{"batcher/dense", "batcher/forest", "batcher/forest/cbm", "batcher/onnx", "server/admin"} { // libraries too
		mods = append(mods, filepath.Join(root, nested, "go.mod"))
	}
	slices.SortFunc(mods, func(a, b string) int { return strings.Compare(filepath.Dir(a), filepath.Dir(b)) })
	table := "| to use | `replace` |\n|---|---|\n"
	for _, name := range mods {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		module, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		module = filepath.ToSlash(module)
		siblings := []string{"`" + module + "`"}
		for _, match := range regexp.MustCompile(`github\.com/disrust/disrust/(\S+) =>`).FindAllSubmatch(text, -1) {
			siblings = append(siblings, "`"+string(match[1])+"`")
		}
		slices.Sort(siblings)
		table += fmt.Sprintf("| `%s` | %s |\n", module, strings.Join(siblings, ", "))
	}
	Check(t, filepath.Join(root, "CONTRIBUTING.md"), "siblings", table)
}
