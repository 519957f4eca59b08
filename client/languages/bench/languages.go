//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// language is one in which a caller is written.
type language struct {
	name  string
	needs string // the program that builds or runs the caller, "" for none

	// build builds the caller into folder, with sources below clients, which is the folder client of the repository.
	// It returns the command that runs it, without the arguments ADDR ROWS IN_FLIGHT SECONDS.
	build func(clients, folder string) (command []string, err error)
}

var languages = []language{
	{"C", "cc", buildC},
	{"Rust", "cargo", buildRust},
	{"Java", "javac", buildJava},
	{"Go", "", buildGo},
	{"Python", "python3", buildPython},
}

// lacks returns what this machine lacks for the language, or "".
func (l *language) lacks() string {
	if l.needs != "" {
		if _, err := exec.LookPath(l.needs); err != nil {
			return l.needs
		}
	}
	if l.name == "Python" && exec.Command("python3", "-c", "import numpy").Run() != nil {
		return "numpy for python3"
	}
	return ""
}

func buildC(clients, folder string) ([]string, error) {
	program := filepath.Join(folder, "caller-c")
	return []string{program}, compile(filepath.Join(clients, "c"), "cc", "-std=c99", "-O2", "-o", program, "bench/caller.c", "disrust.c")
}

func buildRust(clients, folder string) ([]string, error) {
	args := []string{"build", "--quiet", "--offline", "--release", "--example", "caller", "--target-dir", folder}
	return []string{filepath.Join(folder, "release/examples/caller")}, compile(filepath.Join(clients, "rust"), "cargo", args...)
}

func buildJava(clients, folder string) ([]string, error) {
	sources, err := filepath.Glob(filepath.Join(clients, "java/src/main/java/io/github/disrust/*.java"))
	if err != nil {
		return nil, err
	}
	args := slices.Concat([]string{"-d", folder, "bench/Caller.java"}, sources)
	return []string{"java", "-cp", folder, "Caller"}, compile(filepath.Join(clients, "java"), "javac", args...)
}

// buildGo returns this program, which is the caller in Go.
func buildGo(_, _ string) ([]string, error) {
	self, err := os.Executable()
	return []string{self, "caller"}, err
}

func buildPython(clients, _ string) ([]string, error) {
	path := "PYTHONPATH=" + filepath.Join(clients, "python/src")
	return []string{"env", path, "python3", filepath.Join(clients, "languages/bench/caller.py")}, nil
}

// compile runs a compiler in a folder.
func compile(folder, compiler string, args ...string) error {
	cmd := exec.Command(compiler, args...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", compiler, err, out)
	}
	return nil
}
