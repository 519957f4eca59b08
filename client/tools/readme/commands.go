package readme

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Commands returns the commands that a page shows, in their order and without comments: the lines
// of each block of code, unless the block names a language that is no shell. A line that ends in \
// goes on in the next line. A block that begins with a space is a picture.
func Commands(page string) (commands []string) {
	for _, b := range blocks(page) {
		if slices.Contains(noShell, b.language) || strings.HasPrefix(b.text, " ") {
			continue
		}
		for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", "")) {
			if command := withoutComment(line); command != "" {
				commands = append(commands, command)
			}
		}
	}
	return commands
}

// noShell are the languages of blocks that show no commands.
var noShell = []string{"c", "c++", "go", "go.mod", "ini", "java", "json", "promql", "python", "rust", "text", "toml"}

// withoutComment removes what follows the first # behind a space, as a shell does.
func withoutComment(line string) string {
	command, _, _ := strings.Cut(line, " #")
	return strings.TrimSpace(command)
}

// Program returns the program that a page shows: the text of its go.mod, and of its main.go, which
// is the first block of Go with a package clause. Both are empty if the page shows none.
func Program(page string) (mod, main string) {
	for _, b := range blocks(page) {
		switch {
		case b.language == "go.mod" && mod == "":
			mod = b.text
		case b.language == "go" && main == "" && strings.HasPrefix(b.text, "package main\n"):
			main = b.text
		}
	}
	return mod, main
}

// Blocks returns the texts of the blocks of code of a language.
func Blocks(page, language string) (texts []string) {
	for _, b := range blocks(page) {
		if b.language == language {
			texts = append(texts, b.text)
		}
	}
	return texts
}

// block is a block of code.
type block struct{ language, text string }

func blocks(page string) (found []block) {
	inBlock := false
	for line := range strings.Lines(page) {
		language, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && !inBlock:
			found = append(found, block{language: strings.TrimSpace(language)})
			inBlock = true
		case isFence:
			inBlock = false
		case inBlock:
			found[len(found)-1].text += line
		}
	}
	return found
}

// Rest are the commands that no tool of the repository runs, such as go test.
const Rest = "client/tools/readme"

// OpenInference are the commands that ask a daemon by the Open Inference Protocol. A test of server/cmd/disrust runs them.
const OpenInference = "server/oip"

// runners says which folder's TestPages runs the commands that begin with these words.
// The first that fits counts.
var runners = []struct{ words, folder string }{
	{"go run ./client/cmd/disrust-client", "client/cmd/disrust-client"},
	{"disrust-client", "client/cmd/disrust-client"},
	{"cp client/cmd/disrust-client/testdata/rows.npy", "client/cmd/disrust-client"},
	{"python3 -c 'import numpy;", "client/tools/rowfile"},
	{"go run ./server/cmd/disrust", "server/cmd/disrust"},
	{"curl -s", OpenInference},
	{"head -c 32 /dev/zero | curl -s", OpenInference},
	{"go run ./server/torture", "server/torture"},
	{"go run ./server/bench", "server/bench"},
	{"go run ./server/bench/callers", "server/bench/callers"},
	{"cc", "client/c/tests"},
	{"c++", "client/c/tests"},
	{"./ask", "client/c/tests"},
	{"./loop", "client/c/tests"},
	{"./ask-cpp", "client/c/tests"},
	{"cargo", "client/rust/tests"},
}

// Own returns the commands of all pages of the repository that the tests in folder run, each once,
// in the order of the pages' names. A command that a page shows thus has one test that runs it:
// what belongs to no other folder is in Rest. root is the top of the repository.
func Own(t *testing.T, root, folder string) (own []string) {
	t.Helper()
	for _, page := range Pages(t, root) {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range Commands(string(text)) {
			if runner(command) == folder && !slices.Contains(own, command) {
				own = append(own, command)
			}
		}
	}
	if len(own) == 0 {
		t.Errorf("no page shows a command that the tests in %s run", folder)
	}
	return own
}

func runner(command string) string {
	for _, r := range runners {
		if strings.HasPrefix(command+" ", r.words+" ") {
			return r.folder
		}
	}
	return Rest
}

// Pages returns the paths, from root, of all pages of the repository: those at its top, and those
// in folders of the top that are modules.
func Pages(t *testing.T, root string) (pages []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if entry.IsDir() && path != "." && !strings.Contains(path, "/") {
			if _, err := os.Stat(filepath.Join(root, path, "go.mod")); err != nil {
				return fs.SkipDir
			}
		}
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// Args returns the arguments that a shell gives to the program which command names by the words.
func Args(t *testing.T, command, words string) []string {
	t.Helper()
	args, found := strings.CutPrefix(command+" ", words+" ")
	if !found {
		t.Fatalf("%q does not begin with %q", command, words)
	}
	out, err := exec.Command("sh", "-c", `for arg in `+args+`; do printf '%s\0' "$arg"; done`).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	fields := bytes.Split(out, []byte{0})
	list := make([]string, len(fields)-1)
	for i := range list {
		list[i] = string(fields[i])
	}
	return list
}
