package check

import (
	"encoding/hex"
	"fmt"

	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// report is what check says, as JSON has it.
type report struct {
	Name      string `json:"name"`
	File      string `json:"file"`
	Format    string `json:"format"`
	Objective string `json:"objective"`
	SHA256    string `json:"sha256"`
	Identity  string `json:"identity"` // as the welcome says it

	FileBytes   int     `json:"file_bytes"`
	MemoryBytes int     `json:"memory_bytes"`
	LoadSeconds float64 `json:"load_seconds"`

	Iterations     int `json:"iterations"` // in the file; 0: it does not say, or has none
	UsedIterations int `json:"used_iterations"`
	BestIterations int `json:"best_iterations"` // 0: the file does not say
	Trees          int `json:"trees"`           // that count
	Leaves         int `json:"leaves"`
	Depth          int `json:"depth"` // of the deepest tree

	Stages []string `json:"stages"` // of the graph in the file, in the order in which a row passes; empty: it has none

	Classes []string `json:"classes"` // their names by their index; empty: the file has none

	Features   int    `json:"features"`
	Outputs    int    `json:"outputs"`
	Output     string `json:"output"`
	MaxVectors int    `json:"max_vectors"` // per request, by default
	MostAtAll  int    `json:"max_vectors_limit"`

	GoldenRows int `json:"golden_rows"` // rows of the golden vectors beside the file, which came out; 0: there are none

	Kernel   string    `json:"kernel"` // how rows are scored; empty: there is one way only
	Cost     measured  `json:"cost"`
	Requests []request `json:"requests"`
	Answers  []answer  `json:"answers"`
	Notes    []string  `json:"notes"`

	cost          cost.Cost
	linear, graph bool
}

// measured is what a row takes here, on one thread.
type measured struct {
	Alone   float64 `json:"row_alone_us"`
	Few     float64 `json:"row_of_8_us"` // of batch_rows, if that is less
	Batched float64 `json:"row_of_batch_us"`
	Rows    int     `json:"batch_rows"`
}

// request is a size on the wire.
type request struct {
	Vectors  int `json:"vectors"`
	Request  int `json:"request_bytes"`
	Response int `json:"response_bytes"`
}

// answer says what one value of --output gives.
type answer struct {
	Output  string  `json:"output"`
	Equals  string  `json:"equals,omitempty"`            // a call of the library
	Steps   *int    `json:"max_float32_steps,omitempty"` // from its answer; 0: the same bits
	Near    float64 `json:"max_part,omitempty"`          // instead: of 1 + the largest score of the same output
	Refused string  `json:"refused,omitempty"`           // why there is none
}

func newReport(m *forest.Model, k cost.Cost) *report {
	a, shape := &m.About, m.Shape()
	r := &report{
		Format: a.Format, Objective: a.Objective,
		SHA256: hex.EncodeToString(m.SHA256[:]), Identity: hex.EncodeToString(m.Identity[:]),
		FileBytes: m.FileBytes, MemoryBytes: m.Bytes(),
		Stages: append([]string{}, a.Stages...), Classes: append([]string{}, a.Classes...),
		Iterations: a.Iterations, UsedIterations: a.Used, BestIterations: a.Best, Trees: a.Trees, Leaves: a.Leaves,
		Features: shape.Dim, Outputs: shape.Outputs, Output: shape.Kind.String(),
		Kernel: m.Kernel(), Cost: measured{micros(k.Single), micros(k.Few), micros(k.Batched), k.Rows},
		Notes: notes(a),
		cost:  k, linear: m.Linear() != nil, graph: a.Stages != nil,
	}
	for i := range a.Trees {
		_, depth := m.TreeSize(i)
		r.Depth = max(r.Depth, depth)
	}
	f := wire.Format{Dim: shape.Dim, Outputs: shape.Outputs}
	r.MostAtAll = f.VectorLimit()
	r.MaxVectors = min(wire.DefaultMaxVectors, r.MostAtAll)
	r.Requests = []request{{1, f.RequestBytes(1), f.ResponseBytes(1)}}
	if n := r.MaxVectors; n > 1 {
		r.Requests = append(r.Requests, request{n, f.RequestBytes(n), f.ResponseBytes(n)})
	}
	for _, given := range a.Answers {
		r.Answers = append(r.Answers, newAnswer(given))
	}
	return r
}

func newAnswer(a modelfile.Answer) answer {
	if a.Refused != "" {
		return answer{Output: a.Kind.String(), Refused: a.Refused}
	}
	if a.Near > 0 {
		return answer{Output: a.Kind.String(), Equals: a.Call, Near: a.Near}
	}
	return answer{Output: a.Kind.String(), Equals: a.Call, Steps: &a.Steps}
}

func micros(f cost.Figure) float64 { return float64(f.Median.Nanoseconds()) / 1000 }

// notes are what a user may not expect.
func notes(a *modelfile.About) []string {
	all := []string{}
	if a.Best > 0 && a.Best < a.Used {
		all = append(all, fmt.Sprintf("All %d iterations count, although the file says that the first %d are best: --iterations best uses these.", a.Used, a.Best))
	}
	if a.NoBest != "" {
		all = append(all, "--iterations best is refused: "+a.NoBest+".")
	}
	if categorical := categorical(a.Usage); categorical != "" {
		all = append(all, "Features that hold categories, by their codes and not by their names: "+categorical+".")
	}
	return all
}

// categorical lists the first features that hold categories.
func categorical(usage []modelfile.Usage) string {
	const most = 10
	text, count := "", 0
	for i, u := range usage {
		if u.Categorical == 0 {
			continue
		}
		if count++; count > most {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprint(i)
	}
	if count > most {
		text += fmt.Sprintf(" and %d more", count-most)
	}
	return text
}
