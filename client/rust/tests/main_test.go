//go:build linux

// Package tests builds the client for Rust with cargo, and runs it against the scripted server of conformance
// and the daemon.
package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
)

var disrust string // the built daemon

func TestMain(m *testing.M) {
	if _, err := exec.LookPath("cargo"); err != nil {
		fmt.Fprintln(os.Stderr, "The client for Rust is left out: there is no cargo.")
		os.Exit(0)
	}
	os.Exit(inTarget(func() int { return daemontest.Main(m, &disrust) }))
}

// inTarget runs the tests with a folder of their own for what cargo builds.
func inTarget(run func() int) (status int) {
	target, err := os.MkdirTemp("", "target")
	if err == nil {
		defer os.RemoveAll(target)
		err = os.Setenv("CARGO_TARGET_DIR", target)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// compile builds a program of the tests and returns its path. Overflow is checked in it.
func compile(t *testing.T, program string) string {
	t.Helper()
	shell(t, "..", "cargo build --example "+program)
	return filepath.Join(os.Getenv("CARGO_TARGET_DIR"), "debug", "examples", program)
}
