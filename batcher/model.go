package batcher

// Model scores rows.
type Model interface {
	// Score writes one score a row to out. rows is one packed matrix of
	// len(out) rows of dim features each; it must not be kept or written to.
	// One goroutine at a time calls it. An error or a panic fails the requests
	// of this call.
	Score(rows []float32, dim int, out []float32) error
}

// ModelFunc is a function that is a [Model].
type ModelFunc func(rows []float32, dim int, out []float32) error

// Score calls f.
func (f ModelFunc) Score(rows []float32, dim int, out []float32) error { return f(rows, dim, out) }
