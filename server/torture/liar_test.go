//go:build linux && !race

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// These tests do not run under the race detector. It slows attackers and fakes down so much
// that what a fake does within a second proves nothing.

// TestHonestFake: a fake that does not lie passes. The faults of the liars thus come from
// their lies.
func TestHonestFake(t *testing.T) {
	for _, attacks := range []string{"none", "half-close,violate,reset,churn", "refused,refused-crowd,cut-hello,long-hello"} {
		t.Run(attacks, func(t *testing.T) {
			found := tortureFake(t, "none", attacks, patience)
			if !found.OK || !strings.HasPrefix(found.Verdict, "passed") {
				t.Errorf("%s; %q", found.Verdict, found.Rounds[0].Faults)
			}
		})
	}
}

// TestLiarsAreFound: torture finds a fault in each fake that breaks one promise.
func TestLiarsAreFound(t *testing.T) {
	for _, test := range []struct {
		lie, attacks string
		fault        string // some fault must contain it
		wrong, lost  bool
	}{
		{"swap", "none", "answers differ", true, false},
		{"drop", "none", "answers differ", true, false},
		{"repeat", "none", "answers differ", true, false},
		{"hang", "none", "the server's end has 0 bytes to send", false, true},
		{"cut", "none", "connection was closed with", false, true},
		{"cut within", "none", "answers differ", true, false},
		{"crash", "none", "ended by itself, with status 7", false, true},
		{"drain and forget", "none", "requests unanswered", false, true},
		{"drain with resets", "none", "connection broke with", false, false},
		{"fail", "none", "ended with status 3", false, false},
		{"stay", "none", "has not ended", false, false},
		{"leak", "churn", "descriptors; it began with", false, false},
		{"grow", "churn", "MiB of memory, but may take", false, false},
		{"turn away in silence", "churn", "of which the daemon refused 0", false, false},
		{"misstate", "none", "the welcome is", true, false},
		{"fail a good row", "none", "answers differ", true, false},
		{"leave untold", "none", "was not told", false, false},
		{"tell early", "none", "a notice out of place", false, true},
		{"tell twice", "none", "a notice out of place", false, true},
		{"drain in haste", "none", "before the drain's deadline", false, false},
		{"deny in silence", "violate", "answers ended after", false, true},
		{"answer the denied", "violate", "follows the last answer", false, true},
		{"refuse nobody", "refused", "the welcome is", true, false},
		{"refuse nobody", "refused-crowd", "the welcome is", true, false},
		{"refuse with resets", "refused", "refus", false, false},
		{"drop the last", "half-close", "answers ended after", false, true},
	} {
		t.Run(test.lie, func(t *testing.T) {
			t.Parallel()
			// Chance decides when a fake lies: one round may miss a lie, but five may not.
			var complaints []string
			for range 5 {
				complaints = nil
				found := tortureFake(t, test.lie, test.attacks, 2*time.Second)
				r := found.Rounds[0]
				if found.OK || !strings.HasPrefix(found.Verdict, "FAILED") {
					complaints = append(complaints, "verdict: "+found.Verdict)
				}
				if (r.wrong() > 0) != test.wrong || test.lost && r.lost() == 0 {
					complaints = append(complaints, fmt.Sprintf("%d wrong and %d lost", r.wrong(), r.lost()))
				}
				if !strings.Contains(strings.Join(r.Faults, "\n"), test.fault) {
					complaints = append(complaints, fmt.Sprintf("no fault contains %q: %q", test.fault, r.Faults))
				}
				if len(complaints) == 0 {
					return
				}
			}
			t.Errorf("five rounds: %q", complaints)
		})
	}
}

// tortureFake tortures a fake for half a second and returns the report.
func tortureFake(t *testing.T, lie, attacks string, patience time.Duration) *line {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o, err := parseOptions([]string{"--for", "500ms", "--placement", "inline/1", "--attacks", attacks,
		"--json", "--daemon", self, "--", "--lie", lie})
	if err != nil {
		t.Fatal(err)
	}
	o.patience = patience
	var out bytes.Buffer
	ok, err := torture(t.Context(), o, &out)
	if err != nil {
		t.Fatal(err)
	}
	found := new(line)
	if err := json.Unmarshal(out.Bytes(), found); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if found.OK != ok || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Errorf("ok is %t; the report: %q", ok, out.String())
	}
	return found
}
