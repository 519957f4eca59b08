package batcher

// StridedModel is a [Model] that can also score rows that do not lie side by side,
// as those of requests of one vector in a receive buffer do not.
type StridedModel interface {
	Model

	// ScoreStrided writes to out[i] the score of rows[i*stride : i*stride+dim].
	// Otherwise it is as Score.
	ScoreStrided(rows []float32, dim, stride int, out []float32) error
}

// Strided reports whether the model can score rows that lie apart: whether
// ScoreApart may be called.
func (b *Batcher) Strided() bool { return b.strided != nil }

// ScoreInPlace answers a request without the rings: it scores the request's rows,
// len(out) of them, where they lie, and reports false if the model failed for it.
// It is for the goroutine that owns b, which knows that no earlier request waits.
// No allocation.
func (b *Batcher) ScoreInPlace(rows, out []float32) bool {
	err := b.call(rows, out)
	if err != nil {
		b.fail(err, len(out))
	}
	b.stats.batch(1)
	return err == nil
}

// ScoreApart is ScoreInPlace for len(out) requests of one row each, which begin
// stride features apart in rows. It returns how many it answered: all, or those
// before the first that the model failed for.
func (b *Batcher) ScoreApart(rows []float32, stride int, out []float32) int {
	if b.callStrided(rows, stride, out) == nil {
		b.stats.batch(len(out))
		return len(out)
	}
	for i := range out { // each stands for itself
		if !b.ScoreInPlace(rows[i*stride:i*stride+b.dim:i*stride+b.dim], out[i:i+1:i+1]) {
			return i
		}
	}
	return len(out)
}

// call runs the model and turns a panic into an error.
func (b *Batcher) call(rows, out []float32) (err error) {
	defer catch(&err)
	return b.model.Score(rows, b.dim, out)
}

func (b *Batcher) callStrided(rows []float32, stride int, out []float32) (err error) {
	defer catch(&err)
	return b.strided.ScoreStrided(rows, b.dim, stride, out)
}

func catch(err *error) {
	if p := recover(); p != nil {
		*err = &PanicError{Value: p}
	}
}
