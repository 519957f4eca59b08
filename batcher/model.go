package batcher

// Model scores rows.
type Model interface {
	// Score writes one score per row to out. rows is one packed matrix of len(out) rows
	// with dim features each. The model must neither keep nor write to rows. Only one
	// goroutine at a time calls Score. If it returns an error or panics, the requests of
	// this call fail, as package batcher's contract says.
	Score(rows []float32, dim int, out []float32) error
}

// ModelFunc is a function used as a [Model].
type ModelFunc func(rows []float32, dim int, out []float32) error

// Score calls f.
func (f ModelFunc) Score(rows []float32, dim int, out []float32) error { return f(rows, dim, out) }
