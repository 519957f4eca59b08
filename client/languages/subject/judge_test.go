//go:build linux

package subject

import (
	"strings"
	"testing"

	"github.com/disrust/disrust/client/conformance"
)

// TestJudge: what a subject prints is right, or has a fault that says what is wrong.
func TestJudge(t *testing.T) {
	row := 1
	scored := conformance.CallTask{Outcome: conformance.Scored, Scores: []float32{1, -2}, Identity: "0a", May: []string{conformance.Failed}, Code: 2, Row: &row}
	refused := conformance.CallTask{Outcome: conformance.Refused, Status: 3, Sentence: "no"}
	anyone := conformance.CallTask{Outcome: conformance.Scored, Scores: []float32{1}}
	for _, c := range []struct {
		call    conformance.CallTask
		printed string
		fault   string
	}{
		{scored, "scores 0a 3f800000 c0000000", ""},
		{scored, "failed 2 1", ""},
		{refused, "refused 3 6e6f", ""},
		{anyone, "scores 0b 3f800000", ""},
		{scored, "", "the outcome is []"},
		{scored, "lost", `the outcome is ["lost"]`},
		{scored, "scores 0b 3f800000 c0000000", `the details are ["0b"`},
		{scored, "scores 0a 3f800000 c0000001", `"c0000001"]`},
		{scored, "scores 0a 3f800000", "the details are"},
		{scored, "failed 2 0", `the details are ["2" "0"]`},
		{refused, "refused 3", `the details are ["3"]`},
		{anyone, "scores", "the details are []"},
		{anyone, "scores 0b 3f800000\nlost", "1 calls have 2 outcomes"},
	} {
		got := strings.Join(Judge([]conformance.CallTask{c.call}, strings.Split(c.printed, "\n")), "; ")
		if (got == "") != (c.fault == "") || !strings.Contains(got, c.fault) {
			t.Errorf("%q: %q, want %q", c.printed, got, c.fault)
		}
	}
}
