//go:build linux

// Package tests compiles the client for C with cc, and runs it against the scripted server of
// conformance, the protocol's golden frames, random bytes, and the daemon.
package tests

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
)

var (
	disrust string // the built daemon
	folder  string // for compiled programs
)

func TestMain(m *testing.M) {
	for _, compiler := range []string{"cc", "c++"} {
		if _, err := exec.LookPath(compiler); err != nil {
			fmt.Fprintf(os.Stderr, "The client for C is left out: there is no compiler %s.\n", compiler)
			os.Exit(0)
		}
	}
	os.Exit(inFolder(m))
}

func inFolder(m *testing.M) (status int) {
	var err error
	if folder, err = os.MkdirTemp("", "client-c"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	return daemontest.Main(m, &disrust)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
