//go:build linux

package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/disrust/disrust/server/bench/internal/peer"
)

//go:embed programs/caller.c programs/caller.py programs/Caller.java
var sources embed.FS

const (
	gonet    = "github.com/disrust/disrust/server/bench/peers/gonet"
	programs = "github.com/disrust/disrust/server/bench/callers/programs/"
)

// allLanguages are the languages that callers are written in. library is Go with the client
// library.
var allLanguages = []string{"go", "library", "python", "java", "c"}

// language is a language and the command of its callers, which takes the arguments PORT
// CALLERS SECONDS PAUSE_US.
type language struct {
	name    string
	command []string
}

// built returns the servers that build made in folder.
func built(folder string) []peer.Named {
	return []peer.Named{
		{Name: "disrust", Command: []string{filepath.Join(folder, "disrust"), "--port", "{port}"}},
		{Name: "gonet", Command: []string{filepath.Join(folder, "gonet"), "--port", "{port}"}},
	}
}

// build builds the servers and the callers into folder. It leaves out a language that the
// machine cannot build or run, and reports it.
func build(folder string, names []string, progress io.Writer) (all []language, err error) {
	fmt.Fprintln(progress, "building servers and callers")
	if err := peer.Build(folder, []string{peer.Daemon, gonet, programs + "socket", programs + "library"}); err != nil {
		return nil, err
	}
	for _, name := range []string{"caller.c", "caller.py", "Caller.java"} {
		text, err := sources.ReadFile("programs/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		command, err := prepare(folder, name)
		if err != nil {
			fmt.Fprintf(progress, "%s is left out: %v\n", name, err)
			continue
		}
		all = append(all, language{name, command})
	}
	if len(all) == 0 {
		return nil, errors.New("no language is left")
	}
	return all, nil
}

// prepare compiles the callers in a language, if necessary, and returns their command.
func prepare(folder, name string) ([]string, error) {
	in := func(name string) string { return filepath.Join(folder, name) }
	switch name {
	case "go":
		return []string{in("socket")}, nil
	case "library":
		return []string{in("library")}, nil
	case "python":
		return []string{"python3", in("caller.py")}, try("python3", "--version")
	case "java":
		err := errors.Join(try("java", "-version"), try("javac", "-d", folder, in("Caller.java")))
		return []string{"java", "-cp", folder, "Caller"}, err
	}
	return []string{in("caller")}, try("cc", "-O2", "-pthread", "-o", in("caller"), in("caller.c"))
}

// try runs a command and returns an error unless it succeeds.
func try(command ...string) error {
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("there is no %s", command[0])
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", command[0], err, bytes.TrimSpace(out))
	}
	return nil
}

// line returns the command that runs callers against a port.
func (l language) line(port string, callers int, o options) []string {
	return slices.Concat(l.command, []string{
		port, fmt.Sprint(callers), fmt.Sprint(o.duration.Seconds()), fmt.Sprint(o.pause.Microseconds()),
	})
}
