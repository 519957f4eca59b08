package verify

import (
	"math"
	"strconv"

	"github.com/disrust/disrust/batcher/forest"
)

// result is what the command says, as JSON has it.
type result struct {
	File          string `json:"file"`
	Model         string `json:"model"`
	Output        string `json:"output"`
	Rows          int64  `json:"rows"`
	Outputs       int    `json:"outputs"` // per row
	Scores        int64  `json:"scores"`
	Equal         int64  `json:"equal"`
	Different     int64  `json:"different"`
	RowsDifferent int64  `json:"rows_different"`
	OneNaN        int64  `json:"only_one_is_nan"` // of the different ones
	AsPromised    bool   `json:"as_promised"`     // none is farther away than check says
	Rounded       bool   `json:"expected_rounded_from_float64"`
	Largest       *place `json:"largest_difference"` // null: none of two numbers
	Farthest      *place `json:"most_float32_steps"`
	First         *first `json:"first_different_row"` // null: all are equal

	promise promise
}

func newResult(file string, m *forest.Model, in *input, t *tally) *result {
	r := &result{
		File: file, Model: m.String(), Output: m.Shape().Kind.String(),
		Rows: in.rows.Rows, Outputs: t.outputs, Scores: t.scores,
		Equal: t.scores - t.different, Different: t.different, RowsDifferent: t.rows, OneNaN: t.oneNaN,
		Rounded: in.rounded(),
	}
	r.promise = promised(m)
	r.AsPromised = r.promise.kept(t)
	if t.different > t.oneNaN {
		r.Largest, r.Farthest = &t.largest, &t.farthest
	}
	return r
}

// near reports whether no bits are promised, and the scores are as near as is promised instead.
func (r *result) near() bool { return r.AsPromised && r.promise.part > 0 }

// place is a score that differs.
type place struct {
	Row        int64  `json:"row"`
	Output     int    `json:"output"`
	Expected   number `json:"expected"`
	Got        number `json:"disrust"`
	Difference double `json:"difference"`
	Steps      int64  `json:"float32_steps"`
}

func newPlace(row int64, output int, want, got float32) place {
	difference := math.Abs(float64(want) - float64(got))
	return place{row, output, number(want), number(got), double(difference), steps(want, got)}
}

// first is the first row that differs.
type first struct {
	Row         int64        `json:"row"`
	Output      int          `json:"output"` // the first that differs
	Expected    []number     `json:"expected"`
	Got         []number     `json:"disrust"`
	Explanation *explanation `json:"explanation"` // null: there are no trees to search
	linear      bool
}

func newFirst(d *difference) *first {
	f := &first{Row: d.row, Output: d.output()}
	for i := range d.want {
		f.Expected = append(f.Expected, number(d.want[i]))
		f.Got = append(f.Got, number(d.got[i]))
	}
	return f
}

// explanation is what the trees say about a difference.
type explanation struct {
	// Explains says what kind of change in the tree alone gives the expected scores: "split" (the
	// row leaves one node on the other side), "leaf" (it arrives at another leaf), or "" (none
	// does; the path is that of the first tree).
	Explains string `json:"explains"`
	Others   int    `json:"other_trees"` // that explain it in the same way
	CutOff   bool   `json:"search_cut_off"`

	Tree  int    `json:"tree"`
	Path  []node `json:"path"`
	Leaf  leaf   `json:"leaf"`
	Parts int    `json:"parts_at"`   // place in Path of the node where the other way begins; -1: nowhere
	Other *leaf  `json:"other_leaf"` // at the end of the other way

	// Hints: the expected scores are those of the first iterations, or of another output.
	Iterations int    `json:"as_with_iterations,omitempty"`
	Output     string `json:"as_with_output,omitempty"`
}

type leaf struct {
	Number int32 `json:"number"`
	Value  any   `json:"value"` // a number or a double, as the model has it
}

// node is a node that the row passes.
type node struct {
	Number  int32  `json:"number"`
	Feature int    `json:"feature"`
	Name    string `json:"name"`
	Value   number `json:"value"`

	Test       string  `json:"test"`                 // that goes left: "<=", "<", "in" or "not in"
	Threshold  *number `json:"threshold,omitempty"`  // of "<=" and "<"
	Categories []int   `json:"categories,omitempty"` // of "in" and "not in"
	Missing    string  `json:"missing"`              // what is missing, and where it goes

	Left bool `json:"left"` // where the row goes
}

// number and double are floats of which JSON has NaN and the infinities as strings.
type (
	number float32
	double float64
)

func (n number) String() string { return format(float64(n), 32) }
func (d double) String() string { return format(float64(d), 64) }

func format(x float64, bits int) string { return strconv.FormatFloat(x, 'g', -1, bits) }

// MarshalJSON implements [json.Marshaler].
func (n number) MarshalJSON() ([]byte, error) { return marshal(float64(n), 32) }

// MarshalJSON implements [json.Marshaler].
func (d double) MarshalJSON() ([]byte, error) { return marshal(float64(d), 64) }

func marshal(x float64, bits int) ([]byte, error) {
	if x-x != 0 {
		return []byte(`"` + format(x, bits) + `"`), nil
	}
	return []byte(format(x, bits)), nil
}
