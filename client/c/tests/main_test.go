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

var disrust string // the built daemon

func TestMain(m *testing.M) {
	if _, err := exec.LookPath("cc"); err != nil {
		fmt.Fprintln(os.Stderr, "The client for C is left out: there is no C compiler, cc.")
		os.Exit(0)
	}
	os.Exit(daemontest.Main(m, &disrust))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
