package conformance_test

import "testing"

// TestWrongClients: each mistake of a client shows in the scenario that is about it. So the
// scenarios test something.
func TestWrongClients(t *testing.T) {
	server := listen(t, impatience)
	for _, c := range []struct {
		scenario string
		mistake  mistakes
	}{
		{"refused-dim", mistakes{retriesRefusal: true}},
		{"refused-unknown", mistakes{retriesRefusal: true}},
		{"version-1-server", mistakes{fallsBack: true}},
		{"fin-before-welcome", mistakes{fallsBack: true}},
		{"states-all", mistakes{statesNothing: true}},
		{"refused-kind", mistakes{statesNothing: true}},
		{"welcome-byte-by-byte", mistakes{readsWelcomeAtOnce: true}},
		{"answers-byte-by-byte", mistakes{readsAnswersAtOnce: true}},
		{"answers-byte-by-byte-v1", mistakes{readsAnswersAtOnce: true}},
		{"outputs-3", mistakes{assumesOneOutput: true}},
		{"split", mistakes{neverSplits: true}},
		{"answer-too-large", mistakes{trustsCounts: true}},
		{"answer-too-small", mistakes{trustsCounts: true}},
		{"answer-above-limit", mistakes{trustsCounts: true}},
		{"answer-to-nobody", mistakes{takesSpareAnswers: true}},
		{"answer-after-timeout", mistakes{keepsLateAnswers: true}},
		{"failure-error", mistakes{failsNeighbours: true}},
		{"failures-together", mistakes{failsNeighbours: true}},
		{"failure-panic", mistakes{resendsFailed: true}},
		{"failure-in-part", mistakes{forgetsPart: true}},
		{"going-away", mistakes{ignoresNotices: true}},
		{"going-away-unanswered", mistakes{ignoresNotices: true}},
		{"another-model", mistakes{ignoresNotices: true}},
		{"notice-unknown", mistakes{rejectsNotices: true}},
		{"notice-unknown", mistakes{skipsNoPayload: true}},
		{"going-away-answers-after-fin", mistakes{closesAtOnce: true}},
		{"going-away", mistakes{neverHalfCloses: true}},
		{"going-away-when-idle", mistakes{neverHalfCloses: true}},
		{"reset-in-place-of-answer", mistakes{resendsLost: true}},
		{"fin-in-answer-7", mistakes{resendsLost: true}},
		{"fin-in-answer-v1", mistakes{resendsLost: true}},
		{"notice-too-large", mistakes{resendsLost: true}},
		{"plain", mistakes{leavesOpen: true}},
		{"plain-v1", mistakes{leavesOpen: true}},
		{"rows-of-another-dim", mistakes{sendsWrongRows: true}},
		{"welcome-without-dim", mistakes{ignoresInvalidShape: true}},
		{"silence", mistakes{ignoresTimeouts: true}},
		{"welcome-longest", mistakes{limitsWelcome: true}},
		{"name-not-ascii", mistakes{expectsName: true}},
		{"refused-not-now", mistakes{forgetsStatus: true}},
		{"fin-in-place-of-answer", mistakes{takesEndForAnswer: true}},
		{"plain", mistakes{mixesAnswers: true}},
		{"largest-dim", mistakes{assumesDim: true}},
	} {
		control := dialControl(t, server)
		if wrong := play(control, c.scenario, reference{mistakes: c.mistake, t: t}); len(wrong) == 0 {
			t.Errorf("%s: a client with the mistakes %+v passes", c.scenario, c.mistake)
		} else {
			t.Logf("%s: %s", c.scenario, wrong[0])
		}
	}
}

// common are mistakes that show in many scenarios. Those that show late come last.
var common = []mistakes{
	{mixesAnswers: true}, {takesEndForAnswer: true}, {forgetsStatus: true}, {fallsBack: true}, {resendsLost: true},
	{trustsCounts: true}, {takesSpareAnswers: true}, {assumesOneOutput: true}, {assumesDim: true}, {neverSplits: true},
	{sendsWrongRows: true}, {expectsName: true}, {limitsWelcome: true}, {statesNothing: true}, {readsWelcomeAtOnce: true},
	{failsNeighbours: true}, {rejectsNotices: true}, {ignoresNotices: true}, {keepsLateAnswers: true}, {ignoresTimeouts: true},
	{ignoresInvalidShape: true},
}

// TestEveryScenario: each scenario shows some mistake.
func TestEveryScenario(t *testing.T) {
	server := listen(t, impatience)
	for _, name := range names(dialControl(t, server)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, m := range common {
				if len(play(dialControl(t, server), name, reference{mistakes: m, t: t})) > 0 {
					t.Logf("%+v", m)
					return
				}
			}
			t.Error("no mistake shows")
		})
	}
}
