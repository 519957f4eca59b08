//go:build linux

// Package tests compiles the client for Java with javac, and runs it against the scripted server of
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
	if _, err := exec.LookPath("javac"); err != nil {
		fmt.Fprintln(os.Stderr, "The client for Java is left out: there is no Java compiler, javac.")
		os.Exit(0)
	}
	os.Exit(run(m))
}

func run(m *testing.M) (status int) {
	var err error
	if classes, err = os.MkdirTemp("", "java"); err == nil {
		defer os.RemoveAll(classes)
		err = compile(classes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return daemontest.Main(m, &disrust)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
