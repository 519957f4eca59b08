//go:build linux

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
)

// TestPages runs torture with every command line that the repository's pages show, for a short
// time and in one placement unless the command line names some. Of a command line with --attacks each, which has a round for every attack, it runs only the
// first round.
func TestPages(t *testing.T) {
	for _, command := range readme.Own(t, "../..", "server/torture") {
		t.Run(command, func(t *testing.T) {
			args := readme.Args(t, command, "go run ./server/torture")
			if _, err := parseOptions(args); err != nil {
				t.Fatal(err)
			}
			if each := slices.Index(args, "each"); each >= 0 {
				args[each] = attackNames()[0]
			}
			short := []string{"--for", "400ms", "--daemon", daemon}
			if !slices.Contains(args, "--placement") {
				short = append(short, "--placement", "inline/1") // TestDaemon has them all
			}
			if extra := slices.Index(args, "--"); extra >= 0 {
				args = slices.Insert(args, extra, short...)
			} else {
				args = append(args, short...)
			}
			if status, stdout, stderr := runHere(t, args...); status != 0 || stderr != "" || !strings.Contains(stdout, "passed") {
				t.Errorf("status %d, stderr %q, stdout:\n%s", status, stderr, stdout)
			}
		})
	}
}
