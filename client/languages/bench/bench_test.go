//go:build linux

package main

import (
	"os"
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
	os.Exit(m.Run())
}

// TestBench: the callers run in both shapes, and each has its figures, unless it is left out.
func TestBench(t *testing.T) {
	var table strings.Builder
	if err := bench(&table, nil, 1, 0.1); err != nil {
		t.Fatal(err)
	}
	for _, l := range languages {
		row := regexp.MustCompile(`(?m)^\| ` + l.name + ` (\| [1-9][0-9]*(\.[0-9])? ){4}\|$`)
		if measured := row.MatchString(table.String()); measured != (l.lacks() == "") {
			t.Errorf("that %s has figures is %v in %s", l.name, measured, table.String())
		}
	}
}

// TestChoose: a client is measured beside that for Go.
func TestChoose(t *testing.T) {
	for want, names := range map[string][]string{"C Rust Java Go Python": nil, "Rust Go": {"Rust"}, "Go Python": {"Python", "Go"}} {
		chosen, err := choose(names)
		var got []string
		for _, l := range chosen {
			got = append(got, l.name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v", names, got, err)
		}
	}
	if _, err := choose([]string{"rust"}); err == nil || err.Error() != `"rust": a language is one of C, Rust, Java, Go, Python` {
		t.Errorf("%v", err)
	}
}
