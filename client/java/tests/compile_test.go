//go:build linux

package tests

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// strict are the flags with which the client and its tests compile without a warning, for the oldest Java
// that the client runs on.
var strict = []string{"-Xlint:all", "-Werror", "--release", "17"}

var classes string // folder of two: of the compiled client, and of the programs of the tests

// quick are the flags of a Java that runs for a second: it compiles fast rather than well.
var quick = []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"}

// compile compiles the client as a module, and the programs of the tests, which are in its package.
func compile(folder string) error {
	client, err := sources("../src/main/java")
	if err != nil {
		return err
	}
	programs, err := sources("../src/test/java")
	if err != nil {
		return err
	}
	if err := execute("javac", slices.Concat(strict, []string{"-d", filepath.Join(folder, "client")}, client)...); err != nil {
		return err
	}
	where := []string{"-cp", filepath.Join(folder, "client"), "-d", filepath.Join(folder, "tests")}
	return execute("javac", slices.Concat(strict, where, programs)...)
}

// sources returns the paths of the Java files below a folder.
func sources(folder string) (paths []string, err error) {
	for _, pattern := range []string{"*.java", "io/github/disrust/*.java"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

// execute runs a command that must succeed and say nothing.
func execute(command string, args ...string) error {
	out, err := exec.Command(command, args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		return fmt.Errorf("%s %s: %w\n%s", command, strings.Join(args, " "), err, out)
	}
	return nil
}

// java returns a command that runs a program of the tests.
func java(program string, args ...string) *exec.Cmd {
	path := filepath.Join(classes, "client") + ":" + filepath.Join(classes, "tests")
	return exec.Command("java", slices.Concat(quick, []string{"-cp", path, "io.github.disrust." + program}, args)...)
}

// TestDocumentation: every public name has documentation, of which javadoc has nothing to say.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	paths, err := sources("../src/main/java")
	check(t, err)
	check(t, execute("javadoc", slices.Concat([]string{"-Xdoclint:all", "-Werror", "-quiet", "-d", t.TempDir()}, paths)...))
}
