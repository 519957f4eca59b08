//go:build linux

package daemontest

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the daemon into dir and returns its path. The caller's module
// requires the module of this package, beside which that of the daemon lies; it
// need not require the daemon's.
func Build(dir string) (path string, err error) { return build(dir, "../cmd/disrust") }

// BuildClient is like Build for the command-line client.
func BuildClient(dir string) (path string, err error) {
	return build(dir, "../../client/cmd/disrust-client")
}

// build builds a command, whose folder is named from that of this package.
func build(dir, command string) (path string, err error) {
	here, err := goCommand("list", "-f", "{{.Dir}}", "github.com/disrust/disrust/server/daemontest")
	if err != nil {
		return "", fmt.Errorf("cannot find the module of %s: %w", filepath.Base(command), err)
	}
	if path, err = filepath.Abs(filepath.Join(dir, filepath.Base(command))); err != nil {
		return "", err
	}
	_, err = goCommand("build", "-C", filepath.Join(here, command), "-o", path, ".")
	return path, err
}

// BuildCommands builds commands into dir, each under the last part of its import
// path. The caller's module has or requires them.
func BuildCommands(dir string, packages ...string) error {
	_, err := goCommand(append([]string{"build", "-o", dir + string(filepath.Separator)}, packages...)...)
	return err
}

// goCommand returns what the go command writes to standard output.
func goCommand(args ...string) (string, error) {
	out, err := exec.Command("go", args...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("go %s: %w: %s", args[0], err, bytes.TrimSpace(exit.Stderr))
	}
	return strings.TrimSpace(string(out)), err
}
