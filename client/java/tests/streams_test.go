//go:build linux

package tests

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestStreams: whatever a server sends and however it is split, a connection comes to the same end.
// TestRequests: however much the kernel takes at a time, a connection sends whole requests in order. Both
// programs know more; a count that they print is what they have met.
func TestStreams(t *testing.T) {
	t.Parallel()
	met(t, "Streams", "3000", "NoWelcome", "Refused", "goes on", "other model", "violation")
}

func TestRequests(t *testing.T) {
	t.Parallel()
	met(t, "Requests", "1000", "unstaged")
}

// met runs a program over so many seeds. It must meet each of these often enough to test it.
func met(t *testing.T, program, seeds string, wanted ...string) {
	t.Helper()
	cmd := java(program, "1", seeds)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(t, err)
	for _, what := range wanted {
		var times int
		for line := range strings.Lines(string(out)) {
			if number, is := strings.CutPrefix(line, what+" "); is {
				fmt.Sscan(number, &times)
			}
		}
		if times < 10 {
			t.Errorf("%s: met %d times in all seeds, which does not test it: %s", what, times, out)
		}
	}
}
