package oip

import (
	"sync"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/wire"
)

// workspace is the memory of one request. It is used again for others.
type workspace struct {
	body   []byte
	rows   []float32
	scores []float32
	text   []byte // of an answer
}

// keptBytes is how large a workspace may be that is kept for the next request.
const keptBytes = 1 << 20

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

func takeWorkspace() *workspace { return workspaces.Get().(*workspace) }

// release gives w back. Nobody may use its memory any more.
func (w *workspace) release() {
	if cap(w.body)+floatBytes*(cap(w.rows)+cap(w.scores))+cap(w.text) <= keptBytes {
		workspaces.Put(w)
	}
}

// copyRows copies a binary tensor to w.rows.
func (w *workspace) copyRows(data []byte) {
	w.rows = resize(w.rows, len(data)/floatBytes)
	wire.CopyRows(w.rows, data)
}

// appendRows is copyRows behind what is there.
func (w *workspace) appendRows(data []byte) {
	n := len(w.rows)
	w.rows = append(w.rows, make([]float32, len(data)/floatBytes)...)
	wire.CopyRows(w.rows[n:], data)
}

// outputs makes room for the scores of rows.
func (w *workspace) outputs(m *server.Served, rows int) {
	w.scores = resize(w.scores, rows*m.Format.Outputs)
}
