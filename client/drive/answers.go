package drive

import (
	"fmt"
)

// input verifies received bytes and records the latencies of their responses.
// Responses before the first wrong byte count.
//
// Invariant: a byte that belongs to no request sent is wrong. Cost: a comparison
// with the expected bytes, a step for each response, and a histogram update for each
// write that is answered; in an open loop one for each response. No allocation.
func (l *lane) input(b []byte, now int64) error {
	before, vectors := l.answered, int64(0)
	rest := l.verify(b, &vectors)
	var err error
	if surplus := l.answered - l.sent; surplus > 0 || surplus == 0 && (len(rest) > 0 || l.within() > 0) {
		l.answered, l.wrong = l.sent, true
		err = l.tooMuch()
	} else if len(rest) > 0 {
		l.wrong = true
		err = l.wrongByte(rest[0])
	}
	if answered := l.answered - before; answered > 0 {
		if l.open && l.sent-before >= l.window {
			l.freeSince = now
		}
		l.heard = now
		l.account(answered, vectors, now)
	}
	return err
}

// verify checks the responses in b. It returns the part of b from the first wrong
// byte on, which is empty if all bytes are right.
func (l *lane) verify(b []byte, vectors *int64) (rest []byte) {
	q := l.requests
	for len(b) > 0 {
		part := b[:min(len(b), len(q.responses)-l.got)]
		right := q.agree(part, l.got, l.reply)
		l.got += right
		for l.reply < len(q.replies) && q.replies[l.reply].end <= l.got {
			*vectors += int64(q.replies[l.reply].vectors)
			l.reply++
			l.answered++
		}
		if l.reply == len(q.replies) {
			l.got, l.reply = 0, 0
		}
		b = b[right:]
		if right < len(part) {
			return b
		}
	}
	return nil
}

// within returns how many bytes of the next response have arrived.
func (l *lane) within() int {
	r := l.requests.replies[l.reply]
	return l.got - (r.end - l.requests.format.ResponseBytes(r.vectors))
}

// account records the latencies of answered requests.
func (l *lane) account(answered, vectors, now int64) {
	m := l.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests += answered
	m.vectors += vectors
	sinceWrite := m.latency
	if l.open {
		sinceWrite = m.service
		for range answered {
			record(m.latency, now-*l.dues.at(0), 1)
			l.dues.pop()
		}
	}
	for answered > 0 {
		w := l.writes.at(0)
		n := min(answered, w.requests)
		record(sinceWrite, now-w.at, n)
		answered -= n
		if w.requests -= n; w.requests == 0 {
			l.writes.pop()
		}
	}
}

func (l *lane) wrongByte(got byte) error {
	return fmt.Errorf("answered wrongly: byte %d of response %d is %#02x, not %#02x",
		l.within(), l.answered+1, got, l.requests.responses[l.got])
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
