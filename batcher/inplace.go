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

// ScoreInPlace answers requests of the same size without the rings: it scores their
// rows where they lie. In requests one follows the other, each a header of one word and
// vectors rows; answers is as long as their answers, each a header of one word and
// vectors scores. Headers are neither read nor written. It returns how many requests it
// answered: all, or those before the first that the model failed for.
//
// It is for the goroutine that owns b, which knows that no earlier request waits. A
// request is a call of the model. No allocation.
func (b *Batcher) ScoreInPlace(requests, answers []float32, vectors int) int {
	count := len(answers) / (1 + vectors)
	if len(requests) != count*(1+vectors*b.dim) {
		panic("batcher: requests and answers are not of the same requests")
	}
	answered, err := b.callEach(requests, answers, vectors, count)
	if err == nil {
		b.stats.batch(count)
		return count
	}
	b.fail(err, vectors)
	b.stats.batch(answered + 1)
	return answered
}

// ScoreApart is ScoreInPlace for len(out) requests of one row each, which begin
// stride features apart in rows, and their scores side by side. It is one call of the
// model, unless that fails.
func (b *Batcher) ScoreApart(rows []float32, stride int, out []float32) int {
	if b.callStrided(rows, stride, out) == nil {
		b.stats.batch(len(out))
		return len(out)
	}
	for i := range out { // each stands for itself
		err := b.call(rows[i*stride:i*stride+b.dim:i*stride+b.dim], out[i:i+1:i+1])
		if err != nil {
			b.fail(err, 1)
			b.stats.batch(i + 1)
			return i
		}
	}
	b.stats.batch(len(out))
	return len(out)
}

// call runs the model and turns a panic into an error.
func (b *Batcher) call(rows, out []float32) (err error) {
	defer catch(&err)
	return b.model.Score(rows, b.dim, out)
}

// callEach runs the model for count requests, laid out as ScoreInPlace says, and returns
// for how many it did not fail.
func (b *Batcher) callEach(requests, answers []float32, vectors, count int) (answered int, err error) {
	defer catch(&err)
	size := vectors * b.dim
	for ; answered < count; answered++ {
		if err = b.model.Score(requests[1:1+size:1+size], b.dim, answers[1:1+vectors:1+vectors]); err != nil {
			break
		}
		requests, answers = requests[1+size:], answers[1+vectors:]
	}
	return answered, err
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
