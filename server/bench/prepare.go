//go:build linux

package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// sources are the servers that are not in Go.
//
//go:embed floors/*.c floors/*.h served/*.c served/*.py
var sources embed.FS

// prepare makes the programs of the servers that take part, in a folder of its own. It reports
// and leaves out those that this machine cannot run.
func (b *bench) prepare() error {
	var err error
	if b.programs, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	if err := os.CopyFS(b.programs, sources); err != nil {
		return err
	}
	var commands []string
	for _, c := range b.peers {
		if c.command != "" {
			commands = append(commands, c.command)
		}
	}
	slices.Sort(commands)
	fmt.Fprintln(b.progress, "building the servers")
	if err := peer.Build(b.programs, slices.Compact(commands)); err != nil {
		return err
	}
	first := b.peers[0].name
	b.peers = slices.DeleteFunc(slices.Clone(b.peers), b.lacks)
	if len(b.peers) == 0 || b.peers[0].name != first {
		return fmt.Errorf("the first peer, with which the others are compared, cannot run: %s: %s", first, b.report.Missing[0].Text)
	}
	return nil
}

// lacks keeps the command line of c. It reports whether there is none, and why.
func (b *bench) lacks(c contender) bool {
	line, err := c.line(b)
	if err != nil {
		b.report.Missing = append(b.report.Missing, result.Named{Name: c.name, Text: oneLine(err)})
		fmt.Fprintf(b.progress, "%s is left out: %s\n", c.name, oneLine(err))
		return true
	}
	b.lines[c.name] = line
	return false
}

// compile compiles one of the sources in C, with more flags of the compiler, and returns the
// program. Only the number of the flags tells a source's programs apart, and each is compiled once.
func (b *bench) compile(source string, flags ...string) (program string, err error) {
	program = filepath.Join(b.programs, strings.TrimSuffix(filepath.Base(source), ".c")+"-"+fmt.Sprint(len(flags)))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	// -march=native: it runs here only.
	args := slices.Concat([]string{"-O3", "-march=native", "-pthread", "-I", filepath.Join(b.programs, "floors"),
		"-o", program, filepath.Join(b.programs, source)}, flags)
	out, err := exec.Command("cc", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("there is no C compiler, cc")
	}
	if err != nil {
		return "", fmt.Errorf("cc does not compile %s: %s", source, brief(strings.TrimSpace(string(out))))
	}
	return program, nil
}

// exists returns an error unless a file that a peer needs is there.
func exists(name, remedy string) error {
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s: %s", name, remedy)
	}
	return err
}
