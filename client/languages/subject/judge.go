//go:build linux

package subject

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/disrust/disrust/client/conformance"
)

// Judge compares the lines that a subject has printed of calls with what they must be.
func Judge(calls []conformance.CallTask, outcomes []string) (faults []string) {
	if len(outcomes) != len(calls) {
		return []string{fmt.Sprintf("%d calls have %d outcomes, %.300q", len(calls), len(outcomes), outcomes)}
	}
	for k := range calls {
		if err := judgeCall(&calls[k], strings.Fields(outcomes[k])); err != nil {
			faults = append(faults, fmt.Sprintf("call %d: %v", k, err))
		}
	}
	return faults
}

func judgeCall(want *conformance.CallTask, got []string) error {
	if len(got) == 0 || got[0] != want.Outcome && !slices.Contains(want.May, got[0]) {
		return fmt.Errorf("the outcome is %.200q, want %q or one of %q", got, want.Outcome, want.May)
	}
	var details []string
	switch got[0] {
	case conformance.Scored:
		var scores strings.Builder
		writeBits(&scores, want.Scores)
		identity := want.Identity
		if identity == "" && len(got) > 1 {
			identity = got[1]
		}
		details = append([]string{identity}, strings.Fields(scores.String())...)
	case conformance.Refused:
		details = strings.Fields(fmt.Sprintf("%d %x", want.Status, want.Sentence))
	case conformance.Failed:
		details = []string{fmt.Sprint(want.Code), strconv.Itoa(*want.Row)}
	}
	if !slices.Equal(got[1:], details) {
		return fmt.Errorf("the details are %.200q, want %.200q", got[1:], details)
	}
	return nil
}
