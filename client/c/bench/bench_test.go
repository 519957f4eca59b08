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
	if _, err := exec.LookPath("cc"); err != nil {
		os.Stderr.WriteString("The benchmark of the client for C is left out: there is no C compiler, cc.\n")
		return
	}
	os.Exit(m.Run())
}

// TestBench: the callers run in both shapes, and each has its figures. Python takes part where it can.
func TestBench(t *testing.T) {
	var table strings.Builder
	if err := bench(&table, 1, "0.02"); err != nil {
		t.Fatal(err)
	}
	languages := []string{"C", "Go"}
	if !strings.Contains(table.String(), "Python is left out") {
		languages = append(languages, "Python")
	}
	for _, language := range languages {
		row := regexp.MustCompile(`(?m)^\| ` + language + ` (\| [1-9][0-9]*(\.[0-9])? ){5}\|$`)
		if found := row.FindAllString(table.String(), -1); len(found) != 2 {
			t.Errorf("%s: the rows are %q in %s", language, found, table.String())
		}
	}
}
