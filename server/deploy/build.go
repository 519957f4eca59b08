package main

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// binary is a built daemon, and what it says of itself.
type binary struct {
	path    string
	arch    string
	version string    // of its module; "(devel)" where no tag names one
	commit  string    // "" outside a clone
	dirty   bool      // the clone has changes that are in no commit
	at      time.Time // of the commit
}

// reproducible is the environment of a build. Nothing of the machine goes into the bytes but Go's
// version: the paths are trimmed, and what the user's environment asks for does not count.
var reproducible = []string{"CGO_ENABLED=0", "GOOS=linux", "GOWORK=off", "GOFLAGS=-buildvcs=auto", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GODEBUG="}

// build builds the command in the folder source as the file path. Without symbols it is a third smaller;
// what a panic prints has its lines all the same.
func build(source, path string) (binary, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return binary{}, err
	}
	if _, err := goCommand(reproducible, "build", "-C", source, "-trimpath", "-ldflags=-s -w", "-o", whole, "."); err != nil {
		return binary{}, err
	}
	info, err := buildinfo.ReadFile(whole)
	if err != nil {
		return binary{}, err
	}
	b := binary{path: path, version: info.Main.Version}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOARCH":
			b.arch = s.Value
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.modified":
			b.dirty = s.Value == "true"
		case "vcs.time":
			if b.at, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return binary{}, fmt.Errorf("the time of the commit: %w", err)
			}
		}
	}
	return b, nil
}

// debian returns the version of the package. Without a tag it is that of the commit, which sorts before
// each tag, and after the commits before.
func (b binary) debian() string {
	if number, tagged := strings.CutPrefix(b.version, "v"); tagged {
		return strings.NewReplacer("-", "~", "+dirty", "+modified").Replace(number)
	}
	version := "0.0.0~devel"
	if b.commit != "" {
		version = "0.0.0~" + b.at.UTC().Format("20060102150405") + "." + b.commit[:12]
	}
	if b.dirty {
		version += "+modified"
	}
	return version
}

// goCommand returns what the go command writes to standard output.
func goCommand(env []string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("go %s: %w: %s", args[0], err, bytes.TrimSpace(exit.Stderr))
	}
	return strings.TrimSpace(string(out)), err
}
