//go:build linux

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestMain makes the program of the test the caller in Go, as the command is.
func TestMain(m *testing.M) {
	if len(os.Args) == 6 && os.Args[1] == "caller" {
		main()
		return
	}
	if _, err := exec.LookPath("cargo"); err != nil {
		os.Stderr.WriteString("The benchmark of the client for Rust is left out: there is no cargo.\n")
		return
	}
	os.Exit(m.Run())
}

// TestBench: both callers run in both shapes, and each has its figures.
func TestBench(t *testing.T) {
	var table strings.Builder
	if err := bench(&table, 1, 0.02); err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"Rust", "Go"} {
		if !regexp.MustCompile(`(?m)^\| ` + language + ` (\| [1-9][0-9]*(\.[0-9])? ){4}\|$`).MatchString(table.String()) {
			t.Errorf("%s has no figures in %s", language, table.String())
		}
	}
}
