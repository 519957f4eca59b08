package batcher

// StridedModel is a [Model] that can also score rows with other data between them, such
// as the rows of requests of one vector in a receive buffer.
type StridedModel interface {
	Model

	// ScoreStrided writes the score of rows[i*stride : i*stride+dim] to out[i]. In all
	// other respects it is like Score.
	ScoreStrided(rows []float32, dim, stride int, out []float32) error
}

// Strided reports whether the model is a [StridedModel], so that ScoreApart may be called.
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
// answered: all of them, or the requests before the first one for which the model fails. It
// panics if a slice is too short for the layout.
//
// Only the goroutine that owns b may call it, and only while no earlier request is
// unanswered. It calls the model once per request. No allocation.
func (b *Batcher) ScoreInPlace(rows, scores []float32, l Layout) int {
	last, size := l.Count-1, l.Vectors*b.dim
	if l.Count < 1 || len(rows) < last*l.RowStride+size || len(scores) < last*l.ScoreStride+l.Vectors {
		panic("batcher: rows or scores do not hold the requests of the layout")
	}
	answered, err := b.callEach(rows, scores, l)
	if err == nil {
		b.stats.batch(l.Count)
		return l.Count
	}
	b.fail(err, l.Vectors)
	b.stats.batch(answered + 1)
	return answered
}

// ScoreApart is ScoreInPlace for len(out) requests of one row each. Their rows begin stride
// features apart in rows; their scores are packed in out. ScoreApart calls the model once
// for all of them. If that call fails, it calls the model once per request, until it fails
// for one. The model must be a [StridedModel]: see Strided.
func (b *Batcher) ScoreApart(rows []float32, stride int, out []float32) int {
	if b.callStrided(rows, stride, out) == nil {
		b.stats.batch(len(out))
		return len(out)
	}
	for i := range out { // score each request alone
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

// callEach calls the model once per request until it fails for one. It returns how many
// requests it scored before that.
func (b *Batcher) callEach(rows, scores []float32, l Layout) (answered int, err error) {
	defer catch(&err)
	size := l.Vectors * b.dim
	for ; answered < l.Count; answered++ {
		row, score := answered*l.RowStride, answered*l.ScoreStride
		if err = b.model.Score(rows[row:row+size:row+size], b.dim, scores[score:score+l.Vectors:score+l.Vectors]); err != nil {
			break
		}
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
