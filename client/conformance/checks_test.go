package conformance_test

import (
	"testing"

	"github.com/disrust/disrust/client/conformance"
)

// TestRightServer: a right server passes every check.
func TestRightServer(t *testing.T) {
	for _, f := range conformance.CheckServer(serveReference(t, serverMistakes{}).subject()) {
		if f.Err != nil {
			t.Errorf("%s: %v", f.Name, f.Err)
		}
	}
}

// TestWrongServers: each mistake of a server shows in the check that is about it, and every
// check finds some mistake.
func TestWrongServers(t *testing.T) {
	unused := make(map[string]bool)
	for _, c := range conformance.Checks() {
		unused[c.Name] = true
	}
	for _, c := range []struct {
		check   string
		mistake serverMistakes
	}{
		{"hello-any", serverMistakes{identityChanges: true}},
		{"hello-exact", serverMistakes{refusesItsLimit: true}},
		{"hello-refused", serverMistakes{refusesHighest: true}},
		{"hello-refused", serverMistakes{answersRefused: true}},
		{"hello-refused", serverMistakes{resetsRefused: true}},
		{"hello-refused", serverMistakes{noSentence: true}},
		{"hello-refused", serverMistakes{staysOpen: true}},
		{"hello-version", serverMistakes{refusesVersion3: true}},
		{"hello-version", serverMistakes{welcomesVersion1: true}},
		{"hello-malformed", serverMistakes{fieldsBeforeBody: true}},
		{"hello-name", serverMistakes{foldsNames: true}},
		{"hello-longer", serverMistakes{rejectsLonger: true}},
		{"hello-pieces", serverMistakes{readsHelloAtOnce: true}},
		{"hello-slow", serverMistakes{servesOneAtATime: true}},
		{"hello-limit", serverMistakes{enforcesStated: true}},
		{"hello-second", serverMistakes{ignoresHello2: true}},
		{"pipelined", serverMistakes{swapsAnswers: true}},
		{"pipelined-v1", serverMistakes{talksBeforeAnswer: true}},
		{"largest", serverMistakes{limitIsOne: true}},
		{"both-versions", serverMistakes{swapsAnswers: true}},
		{"failure", serverMistakes{detailIsZero: true}},
		{"failure", serverMistakes{failsNeighbours: true}},
		{"failure-alone", serverMistakes{failsOthers: true}},
		{"failure-v1", serverMistakes{failsInVersion1: true}},
		{"count", serverMistakes{endsSilently: true}},
		{"count", serverMistakes{code3First: true}},
		{"count-v1", serverMistakes{version2To1: true}},
		{"hello-late", serverMistakes{version2To1: true}},
		{"no-reset", serverMistakes{resetsViolation: true}},
		{"half-close", serverMistakes{dropsAtFIN: true}},
		{"half-close", serverMistakes{answersHalf: true}},
		{"half-close-v1", serverMistakes{dropsAtFIN: true}},
		{"half-close-in-hello", serverMistakes{welcomesHalf: true}},
	} {
		delete(unused, c.check)
		s := serveReference(t, c.mistake).subject()
		s.Patience = impatience
		finding := conformance.CheckServerOnce(s, c.check)
		if finding.Err == nil {
			t.Errorf("%s: a server with the mistakes %+v passes", c.check, c.mistake)
		} else {
			t.Logf("%s: %v", c.check, finding.Err)
		}
	}
	if len(unused) > 0 {
		t.Errorf("no mistake is for the checks %v", unused)
	}
}
