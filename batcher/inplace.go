package batcher

import "runtime/debug"

// StridedScorer is a [Scorer] that can also score rows with other data between them, such as
// the rows of requests of one vector in a receive buffer.
type StridedScorer interface {
	Scorer

	// ScoreStrided writes the scores of rows[i*stride : i*stride+dim] to out, from
	// out[i*Outputs] on. In all other respects it is like Score.
	ScoreStrided(rows []float32, dim, stride int, out []float32) error
}

// Strided reports whether the model's scorer is a [StridedScorer], so that ScoreApart may be
// called.
func (b *Batcher) Strided() bool { return b.strided != nil }

// Layout says where requests of the same size lie: their rows in one slice, their scores in
// another. The rows of one request are packed, and so are its scores.
type Layout struct {
	Count       int // requests
	Vectors     int // rows per request
	RowStride   int // features from the first row of one request to the first row of the next
	ScoreStride int // floats from the first score of one request to the first score of the next
}

// ScoreInPlace answers requests without the rings: it scores their rows where they lie.
// rows begins with the first row of the first request, scores with its first score. The
// data between two requests is neither read nor written. It returns how many requests it
// answered: all of them, or the requests before the first one for which the model fails, with
// its fault. It panics if a slice is too short for the layout.
//
// Only the goroutine that owns b may call it, and only while no earlier request is
// unanswered. It calls the model once per request, and after a failure once per row of the
// failed request. No allocation.
func (b *Batcher) ScoreInPlace(rows, scores []float32, l Layout) (int, Fault) {
	last, in, out := l.Count-1, l.Vectors*b.dim, l.Vectors*b.outputs
	if l.Count < 1 || len(rows) < last*l.RowStride+in || len(scores) < last*l.ScoreStride+out {
		panic("batcher: rows or scores do not hold the requests of the layout")
	}
	answered, err := b.callEach(rows, scores, l)
	if err == nil {
		b.stats.batch(l.Count)
		return l.Count, Fault{}
	}
	row, score := answered*l.RowStride, answered*l.ScoreStride
	fault := b.fail(err, rows[row:row+in:row+in], scores[score:score+out:score+out])
	b.stats.batch(answered + 1)
	return answered, fault
}

// ScoreApart is ScoreInPlace for requests of one row each. Their rows begin stride features
// apart in rows. Their scores are packed in out, whose length is a multiple of the model's
// outputs. ScoreApart calls the model once for all of them. If that call fails, it calls the
// model once per request, until it fails for one. The model's scorer must be a
// [StridedScorer]: see Strided.
func (b *Batcher) ScoreApart(rows []float32, stride int, out []float32) (int, Fault) {
	count := len(out) / b.outputs
	if b.callStrided(rows, stride, out) == nil {
		b.stats.batch(count)
		return count, Fault{}
	}
	return b.ScoreInPlace(rows, out, Layout{Count: count, Vectors: 1, RowStride: stride, ScoreStride: b.outputs})
}

// call runs the model and turns a panic into an error.
func (b *Batcher) call(rows, out []float32) (err error) {
	if b.calling {
		return ErrExited
	}
	defer b.catch(&err)
	b.calling = true
	b.stats.call(len(out) / b.outputs)
	err = b.scorer.Score(rows, b.dim, out)
	b.calling = false
	return err
}

// callEach calls the model once per request until it fails for one. It returns how many
// requests it scored before that.
func (b *Batcher) callEach(rows, scores []float32, l Layout) (answered int, err error) {
	if b.calling {
		return 0, ErrExited
	}
	defer b.catch(&err)
	b.calling = true
	in, out := l.Vectors*b.dim, l.Vectors*b.outputs
	for ; answered < l.Count; answered++ {
		row, score := answered*l.RowStride, answered*l.ScoreStride
		b.stats.call(l.Vectors)
		if err = b.scorer.Score(rows[row:row+in:row+in], b.dim, scores[score:score+out:score+out]); err != nil {
			break
		}
	}
	b.calling = false
	return answered, err
}

func (b *Batcher) callStrided(rows []float32, stride int, out []float32) (err error) {
	if b.calling {
		return ErrExited
	}
	defer b.catch(&err)
	b.calling = true
	b.stats.call(len(out) / b.outputs)
	err = b.strided.ScoreStrided(rows, b.dim, stride, out)
	b.calling = false
	return err
}

// catch turns a panic of the model into an error. The stack still has the frames that
// panicked.
func (b *Batcher) catch(err *error) {
	if p := recover(); p != nil {
		b.calling = false
		*err = &PanicError{Value: p, Stack: debug.Stack()}
	}
}
