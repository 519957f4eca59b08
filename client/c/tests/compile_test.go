//go:build linux

package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// strict are the flags with which every program of the tests is compiled. A sanitizer ends the program
// with an error.
var strict = []string{
	"-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-g", "-O1",
	"-fsanitize=address,undefined", "-fno-sanitize-recover=all",
}

// compiled holds the paths of programs that were compiled, by their names and flags.
var compiled struct {
	sync.Mutex
	paths map[string]string
}

// compile compiles one of the programs with the client, unless it has been, and returns its path.
func compile(t *testing.T, program string, flags ...string) string {
	t.Helper()
	sources(t)
	compiled.Lock()
	defer compiled.Unlock()
	key := program + strings.Join(flags, "")
	if path := compiled.paths[key]; path != "" {
		return path
	}
	path := filepath.Join(folder, key)
	args := slices.Concat([]string{"-std=c99"}, strict, flags)
	run(t, "cc", append(args, "-o", path, "programs/"+program+".c", "../disrust.c")...)
	if compiled.paths == nil {
		compiled.paths = make(map[string]string)
	}
	compiled.paths[key] = path
	return path
}

// sources opens all sources, so that the go command runs the tests again when one has changed.
func sources(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"../disrust.*", "programs/*"} {
		names, err := filepath.Glob(pattern)
		check(t, err)
		for _, name := range names {
			_, err := os.ReadFile(name)
			check(t, err)
		}
	}
}

// run runs a command that must succeed and say nothing.
func run(t *testing.T, command string, args ...string) {
	t.Helper()
	out, err := exec.Command(command, args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("%s %q: %v\n%s", command, args, err, out)
	}
}

// TestCompiles: the client compiles without a warning as C99, C11 and C++17, also optimised.
func TestCompiles(t *testing.T) {
	sources(t)
	warn := []string{"-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-align", "-Werror", "-O2", "-c"}
	object := filepath.Join(t.TempDir(), "disrust.o")
	for _, language := range [][]string{{"cc", "-std=c99"}, {"cc", "-std=c11"}, {"c++", "-std=c++17", "-x", "c++"}} {
		run(t, language[0], slices.Concat(language[1:], warn, []string{"-o", object, "../disrust.c"})...)
	}
}
