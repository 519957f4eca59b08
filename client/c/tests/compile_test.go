//go:build linux

package tests

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// strict are the flags with which every program of the tests is compiled. A sanitizer ends the program
// with an error.
var strict = []string{
	"-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-g", "-O1",
	"-fsanitize=address,undefined", "-fno-sanitize-recover=all",
}

// compile compiles one of the programs with the client and returns its path.
func compile(t *testing.T, program string, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), program)
	args := slices.Concat([]string{"-std=c99"}, strict, flags)
	run(t, "cc", append(args, "-o", path, "programs/"+program+".c", "../disrust.c")...)
	return path
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
	warn := []string{"-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-align", "-Werror", "-O2", "-c"}
	object := filepath.Join(t.TempDir(), "disrust.o")
	for _, language := range [][]string{{"cc", "-std=c99"}, {"cc", "-std=c11"}, {"c++", "-std=c++17", "-x", "c++"}} {
		run(t, language[0], slices.Concat(language[1:], warn, []string{"-o", object, "../disrust.c"})...)
	}
}
