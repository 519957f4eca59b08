package drive

import (
	"fmt"

	"github.com/disrust/disrust/wire"
)

// oddBytes is the most that must arrive to judge what came in place of an expected word: a
// failure, or a notice without its payload.
const oddBytes = wire.FailureBytes

const wordBytes = 4

// differing judges what came in place of an expected word: a score that may differ by
// rounding, or a failure or a notice in place of a response. b begins with the first byte
// that differs or, if that did not suffice, with the bytes that follow those held. It returns
// the bytes after what it has judged.
func (l *lane) differing(b []byte, now int64) (rest []byte, err error) {
	switch header := l.within() < wire.HeaderBytes; {
	case header && l.replies:
		return l.other(b, now)
	case !header && l.requests.by == ByReplay:
		return l.score(b)
	}
	return nil, l.wrongByte(b[0])
}

// hold keeps the beginning of b in odd, up to most bytes in all. At first it adds the bytes
// before b that were as expected, from byte begin of the cycle on. It returns the bytes of b
// that it did not keep.
func (l *lane) hold(b []byte, begin, most int) (rest []byte) {
	if l.held == 0 {
		l.held = copy(l.odd[:], l.requests.responses[begin:l.got])
	}
	n := copy(l.odd[l.held:most], b)
	l.held += n
	return b[n:]
}

// score accepts a score that differs from the learnt one by rounding.
func (l *lane) score(b []byte) (rest []byte, err error) {
	begin := l.got - l.got%wordBytes // every response is whole words
	if rest = l.hold(b, begin, wordBytes); l.held < wordBytes {
		return nil, nil
	}
	var score, want [1]float32
	wire.CopyScores(score[:], l.odd[:wordBytes])
	wire.CopyScores(want[:], l.requests.responses[begin:begin+wordBytes])
	if !Near(score[0], want[0]) {
		return nil, l.wrongScore(score[0], want[0])
	}
	l.held = 0
	l.pass(begin + wordBytes - l.got)
	return rest, nil
}

// other takes a failure or a notice, which came in place of a response.
func (l *lane) other(b []byte, now int64) (rest []byte, err error) {
	begin := l.got - l.within()
	rest = l.hold(b, begin, oddBytes)
	if l.held < wire.HeaderBytes {
		return nil, nil
	}
	r := l.requests.format.ParseReply(l.odd[:l.held])
	switch {
	case r.Kind == wire.Answer || r.Status == wire.Invalid:
		return nil, l.wrongHeader(begin)
	case l.held < oddBytes:
		return nil, nil
	}
	l.got, l.held = begin, 0
	if r.Kind == wire.Failure {
		return rest, l.failure(r, now)
	}
	if r.Status == wire.Incomplete {
		l.skip = r.Bytes
	}
	switch r.Code {
	case wire.GoingAway:
		l.leaving, l.window = true, 0
	case wire.AnotherModel:
		l.changed = true
	}
	return rest, nil
}

// failure takes the failure of the oldest request in flight. It returns an error if that ends
// the run, or if there is no such request.
func (l *lane) failure(r wire.Reply, now int64) error {
	if l.answered >= l.sent {
		l.wrong = true
		return l.tooMuch()
	}
	err := fmt.Errorf("request %d failed: %s", l.answered+l.lost+1, reason(r))
	if l.answered > l.told {
		l.account(now)
	}
	l.lose(1)
	l.got = l.requests.replies[l.reply].end
	if l.reply++; l.reply == len(l.requests.replies) {
		l.got, l.reply = 0, 0
	}
	if !l.lenient {
		return err
	}
	if l.failed++; l.firstFailure == nil {
		l.firstFailure = err
	}
	return nil
}

// wrongHeader returns the error of a header in odd that is neither the expected one nor that of
// a failure or a notice. The response begins at byte begin of the cycle.
func (l *lane) wrongHeader(begin int) error {
	right := agree(l.odd[:l.held], l.requests.responses[begin:])
	l.got = begin + right
	return l.wrongByte(l.odd[right])
}

// reason says in words why a request failed.
func reason(r wire.Reply) (text string) {
	switch r.Code {
	case wire.ModelError:
		text = "the model returned an error"
	case wire.ModelPanic:
		text = "the model panicked"
	case wire.CountDenied:
		return fmt.Sprintf("the server does not allow its count, %d", r.Detail)
	default:
		return fmt.Sprintf("code %d, detail %d", r.Code, r.Detail)
	}
	if r.Detail != wire.NoRow {
		text += fmt.Sprintf(" at its row %d", r.Detail)
	}
	return text + " (the server's log says more)"
}
