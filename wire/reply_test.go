package wire

import "testing"

// TestNoticeOfAnotherModel: a payload that is too short for an identity is refused by
// ParseReply, so that a client can take the identity without a check.
func TestNoticeOfAnotherModel(t *testing.T) {
	want := Identity{0: 1, 31: 2}
	b := AppendNotice(nil, AnotherModel, want[:])
	r := tiny.ParseReply(b)
	if r.Status != Complete || Identity(r.Notice(b)) != want {
		t.Errorf("parsed as %+v, % x", r, r.Notice(b))
	}
	b[4] = IdentityBytes - 4
	if r := tiny.ParseReply(b); r.Status != Invalid || r.Kind != Notice || r.Code != AnotherModel || r.Bytes != 0 {
		t.Errorf("a short identity is %+v", r)
	}
}

func TestReplyOfFewBytes(t *testing.T) {
	failure := AppendFailure(nil, ModelPanic, 5)
	for size, want := range []Reply{
		{Frame: Frame{Status: Incomplete, Bytes: 4}},
		{Frame: Frame{Status: Incomplete, Bytes: 3}},
		{Frame: Frame{Status: Incomplete, Bytes: 2}},
		{Frame: Frame{Status: Incomplete, Bytes: 1}},
		{Frame: Frame{Status: Incomplete, Bytes: 4}, Kind: Failure, Code: ModelPanic},
		{Frame: Frame{Status: Incomplete, Bytes: 3}, Kind: Failure, Code: ModelPanic},
		{Frame: Frame{Status: Incomplete, Bytes: 2}, Kind: Failure, Code: ModelPanic},
		{Frame: Frame{Status: Incomplete, Bytes: 1}, Kind: Failure, Code: ModelPanic},
		{Frame: Frame{Status: Complete, Bytes: 8}, Kind: Failure, Code: ModelPanic, Detail: 5},
	} {
		if got := tiny.ParseReply(failure[:size:size]); got != want {
			t.Errorf("%d bytes: %+v, want %+v", size, got, want)
		}
	}
}

// TestFailureFitsItsAnswer: the room that is reserved for an answer holds a failure.
func TestFailureFitsItsAnswer(t *testing.T) {
	smallest := Format{1, 1, 1}
	if got := smallest.ResponseBytes(1); got < FailureBytes {
		t.Errorf("an answer has %d bytes, a failure %d", got, FailureBytes)
	}
}
