//go:build linux

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestMain makes the test's program the caller in Go, as the command is.
func TestMain(m *testing.M) {
	if len(os.Args) == 6 && os.Args[1] == "caller" {
		main()
		return
	}
	if _, err := exec.LookPath("javac"); err != nil {
		os.Stderr.WriteString("The benchmark of the client for Java is left out: there is no Java compiler, javac.\n")
		return
	}
	os.Exit(m.Run())
}

// TestBench: both callers run in both shapes, and each has its figures.
func TestBench(t *testing.T) {
	var table strings.Builder
	if err := bench(&table, 1, "0.1"); err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"Java", "Go"} {
		if !regexp.MustCompile(`(?m)^\| ` + language + ` (\| [1-9][0-9]*(\.[0-9])? ){5}\|$`).MatchString(table.String()) {
			t.Errorf("%s has no row in %s", language, table.String())
		}
	}
}
