package batcher

import "errors"

// ErrReplacing says that an earlier replacement of the model has not taken place yet.
var ErrReplacing = errors.New("batcher: another model is about to take its place")

// ScorerOf returns a scorer of m for Replace. m must have the outputs of the first model, and its
// dim unless that is 0. Any goroutine may call ScorerOf.
func (b *Batcher) ScorerOf(m Model) (Scorer, error) {
	scorer, err := newScorer(m, b.dim)
	if err == nil && m.Shape().Outputs != b.outputs {
		return nil, errors.New("batcher: the other model has other outputs")
	}
	return scorer, err
}

// Replace makes b score with s, which is from ScorerOf, from its next Poll on. A batch is never
// scored by two models. Directly before the first response that comes from s, each source gets a
// Response without vectors, also if no request follows.
//
// Any goroutine may call Replace. It must then make the owner of b call Poll: if that is Run, by
// [ringbuf.Ring.Alert]. The response ring of each source must have room for one response more
// than the source has requests in flight. Replace returns ErrReplacing while an earlier
// replacement has not taken place.
//
// Ordering: what the caller wrote before Replace happens before the owner's first use of s.
func (b *Batcher) Replace(s Scorer) error {
	if !b.next.CompareAndSwap(nil, &s) {
		return ErrReplacing
	}
	return nil
}

// Replacing reports whether the next Poll replaces the model. Any goroutine may call it.
func (b *Batcher) Replacing() bool { return b.next.Load() != nil }

// replace puts the scorer that Replace left in its place and tells all sources.
func (b *Batcher) replace() {
	b.setScorer(*b.next.Load())
	for i := range b.sources {
		responses := b.sources[i].Responses
		lo, ok := responses.Claim(1)
		if !ok {
			panic("batcher: response ring full: it has no room for the news of another model")
		}
		*responses.Slot(lo) = Response{}
		responses.Publish(lo, 1)
	}
	b.next.Store(nil) // last: from here on there may be another one
}
