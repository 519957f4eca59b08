//go:build linux

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/daemontest"
)

// TestPages runs the daemon with every command line that the repository's pages show, on a port of
// the kernel's choice, until it is ready.
func TestPages(t *testing.T) {
	const words = "go run ./server/cmd/disrust"
	for _, command := range readme.Own(t, "../../..", "server/cmd/disrust") {
		t.Run(command, func(t *testing.T) {
			line := append([]string{daemon}, elsewhere(t, readme.Args(t, command, words))...)
			if slices.Contains(line, planCommand) {
				if _, stderr, status := daemontest.RunToEnd(t, line...); status != 0 || stderr != "" {
					t.Errorf("status %d, stderr %q", status, stderr)
				}
				return
			}
			d := daemontest.Start(t, line...)
			d.Signal(syscall.SIGTERM)
			if status := d.Status(t); status != 0 {
				t.Errorf("status %d, stderr %q", status, &d.Stderr)
			}
		})
	}
}

// elsewhere returns args with other places to listen on, which nobody else uses.
func elsewhere(t *testing.T, args []string) []string {
	places := strings.NewReplacer("9900", "0", "9901", "0", "/tmp/", t.TempDir()+string(filepath.Separator))
	changed := false
	for i, arg := range args {
		args[i] = places.Replace(arg)
		changed = changed || args[i] != arg
	}
	if changed || slices.Contains(args, planCommand) {
		return args
	}
	return append(args, "--port", "0")
}
