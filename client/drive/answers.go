package drive

import (
	"fmt"

	"github.com/disrust/disrust/wire"
)

// input verifies received bytes and records the latencies of their responses.
// Responses before the first wrong byte count.
//
// Invariant: a byte that belongs to no request sent is wrong. Cost: a comparison
// with the expected bytes, a step for each response, and a histogram update for each
// write that is answered; in an open loop one for each response. No allocation.
func (l *lane) input(b []byte, now int64) error {
	before, full := l.answered+l.lost, l.open && l.sent-l.answered >= l.window
	err := l.verify(b, now)
	if surplus := l.answered - l.sent; surplus > 0 || surplus == 0 && (l.wrong || l.strayed()) {
		l.answered, l.wrong = l.sent, true
		err = l.tooMuch()
	}
	if l.answered+l.lost > before {
		if full {
			l.freeSince = now
		}
		l.heard = now
		l.account(now)
	}
	return err
}

// verify checks the responses in b, up to the first wrong byte.
func (l *lane) verify(b []byte, now int64) (err error) {
	q := l.requests
	for len(b) > 0 && err == nil {
		switch {
		case l.skip > 0:
			n := min(len(b), l.skip)
			l.skip -= n
			b = b[n:]
		case l.held > 0:
			b, err = l.differing(b, now)
		default:
			part := b[:min(len(b), len(q.responses)-l.got)]
			right := q.agree(part, l.got, l.reply)
			l.pass(right)
			if b = b[right:]; right < len(part) {
				b, err = l.differing(b, now)
			}
		}
	}
	return err
}

// pass moves on by n bytes that are right.
func (l *lane) pass(n int) {
	q := l.requests
	l.got += n
	for l.reply < len(q.replies) && q.replies[l.reply].end <= l.got {
		l.vectors += int64(q.replies[l.reply].vectors)
		l.reply++
		l.answered++
	}
	if l.reply == len(q.replies) {
		l.got, l.reply = 0, 0
	}
}

// strayed reports whether bytes have come that begin no failure and no notice, which may come
// at any time.
func (l *lane) strayed() bool {
	within := l.within()
	return within > 0 && !(l.replies && within < wire.HeaderBytes)
}

// within returns how many bytes of the next response have arrived.
func (l *lane) within() int {
	r := l.requests.replies[l.reply]
	return l.got - (r.end - l.requests.format.ResponseBytes(r.vectors))
}

// account records the latencies of the answers that it has not recorded yet.
func (l *lane) account(now int64) {
	answered, m := l.answered-l.told, l.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests += answered
	m.vectors += l.vectors
	l.told, l.vectors = l.answered, 0
	sinceWrite := m.latency
	if l.open {
		sinceWrite = m.service
		for range answered {
			record(m.latency, now-*l.dues.at(0), 1)
			l.dues.pop()
		}
	}
	for answered > 0 {
		at, n := l.popWrite(answered)
		record(sinceWrite, now-at, n)
		answered -= n
	}
}

// WrongScore is the error of a run in which a score was not the expected one. The error of
// Run wraps it.
type WrongScore struct {
	Response int64 // the number of the response on its connection, from 1 on
	text     string
}

func (w *WrongScore) Error() string { return "answered wrongly: " + w.text }

func (l *lane) wrongByte(got byte) error {
	l.wrong = true
	text := fmt.Sprintf("byte %d of response %d is %#02x, not %#02x",
		l.within(), l.answered+1, got, l.requests.responses[l.got])
	if l.within() < wire.HeaderBytes {
		return fmt.Errorf("answered wrongly: %s", text)
	}
	return &WrongScore{l.answered + 1, text}
}

func (l *lane) wrongScore(got, want float32) error {
	l.wrong = true
	number := (l.within()-wire.HeaderBytes)/4 + 1
	text := fmt.Sprintf("score %d of response %d is %v, but was %v before the run", number, l.answered+1, got, want)
	if l.requests.given {
		text = fmt.Sprintf("score %d of response %d is %v, not %v", number, l.answered+1, got, want)
	}
	if l.changed {
		text += "; meanwhile the server has changed its model"
	}
	return &WrongScore{l.answered + 1, text}
}

func (l *lane) tooMuch() error {
	return fmt.Errorf("answered wrongly: more came than the %s asked for", counted(l.sent, "response"))
}

// ended returns an error for a connection that ended before its lane was finished.
// cause is nil if the peer closed the connection normally.
func (l *lane) ended(cause error) error {
	err := fmt.Errorf("closed after %d of %s", l.answered, counted(l.sent, "response"))
	if l.answered == l.sent {
		err = fmt.Errorf("closed before its next request, after %s", counted(l.sent, "response"))
	}
	if cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// counted returns count and the noun what, such as "1 vector" or "2 vectors".
func counted(count int64, what string) string {
	if count != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", count, what)
}
