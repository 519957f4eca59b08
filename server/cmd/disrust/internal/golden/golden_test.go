package golden

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
	"github.com/disrust/disrust/wire"
)

// copies is a model whose scores are the first features of the row.
type copies struct {
	shape batcher.Shape
	err   error
}

func (c copies) Shape() batcher.Shape { return c.shape }

func (c copies) Score(dst, rows []float32) error {
	for i := range dst {
		dst[i] = rows[i/c.shape.Outputs*c.shape.Dim+i%c.shape.Outputs]
	}
	return c.err
}

var two = copies{shape: batcher.Shape{Dim: 3, Outputs: 2, Kind: wire.Prob}}

func TestBeside(t *testing.T) {
	for file, want := range map[string]string{
		"model.txt": "model.golden.npz", "/m/fraud.v2.json": "/m/fraud.v2.golden.npz", "a/plain": "a/plain.golden.npz", ".txt": ".txt.golden.npz",
	} {
		if got := Beside(file); got != filepath.FromSlash(want) {
			t.Errorf("%s: %s", file, got)
		}
	}
}

func TestCheck(t *testing.T) {
	nan := math.Float32frombits(0x7fc00001)
	rows := []float32{1, 2, 3, nan, 5, 6, float32(math.Inf(1)), -0.5, 9}
	scores := []float32{1, 2, float32(math.NaN()), 5, float32(math.Inf(1)), -0.5}
	near := append([]float32{}, scores...)
	near[1] = 2.001
	minus := []float32{1, 2, scores[2], 5, scores[4], float32(math.Copysign(0, -1))}
	zero := append([]float32{}, rows...)
	zero[7] = 0
	tolerance := func(x float64) commandtest.Array { return commandtest.Array{Name: "tolerance", DType: "<f8", Data: x} }
	kind := func(dtype string, data any, shape ...int) commandtest.Array {
		return commandtest.Array{Name: "kind", DType: dtype, Shape: shape, Data: data}
	}
	for name, c := range map[string]struct {
		rows, scores []float32
		more         []commandtest.Array
		want         string // empty: they come out
	}{
		"right":               {rows, scores, nil, ""},
		"tolerance 0":         {rows, scores, []commandtest.Array{tolerance(0)}, ""},
		"near":                {rows, near, nil, "1 of 3 rows differ: for row 0 the model gives 2 as output 1, and the golden vectors have 2.001"},
		"near enough":         {rows, near, []commandtest.Array{tolerance(0.01)}, ""},
		"not near enough":     {rows, near, []commandtest.Array{tolerance(0.0001)}, "have 2.001, which may be 0.0001 away"},
		"-0 has other bits":   {zero, minus, nil, "1 of 3 rows differ: for row 2 the model gives 0 as output 1, and the golden vectors have -0"},
		"-0 is 0 from 0":      {zero, minus, []commandtest.Array{tolerance(1e-300)}, ""},
		"NaN":                 {rows, []float32{1, 2, 3, 5, scores[4], -0.5}, []commandtest.Array{tolerance(1e9)}, "for row 1 the model gives NaN as output 0, and the golden vectors have 3"},
		"two rows":            {rows, []float32{7, 2, scores[2], 7, scores[4], -0.5}, nil, "2 of 3 rows differ: for row 0 the model gives 1 as output 0, and the golden vectors have 7"},
		"kind":                {rows, scores, []commandtest.Array{kind("<U4", []int32{'p', 'r', 'o', 'b'})}, ""},
		"kind, padded":        {rows, scores, []commandtest.Array{kind("<U5", []int32{'p', 'r', 'o', 'b', 0}, 1)}, ""},
		"kind, bytes":         {rows, scores, []commandtest.Array{kind("|S4", []byte("prob"))}, ""},
		"kind, number":        {rows, scores, []commandtest.Array{kind("<i8", int64(2))}, ""},
		"kind, small number":  {rows, scores, []commandtest.Array{kind("|u1", uint8(2), 1)}, ""},
		"other kind":          {rows, scores, []commandtest.Array{kind("|S3", []byte("raw"))}, "of the kind raw, and the model gives prob (--output)"},
		"other kind, number":  {rows, scores, []commandtest.Array{kind("<i4", int32(3))}, "of the kind class, and the model gives prob"},
		"no kind":             {rows, scores, []commandtest.Array{kind("|S3", []byte("odd"))}, `kind is "odd"; allowed are raw, prob and class`},
		"negative kind":       {rows, scores, []commandtest.Array{kind("<i8", int64(-1))}, `allowed are raw, prob and class`},
		"two kinds":           {rows, scores, []commandtest.Array{kind("<i4", []int32{2, 2}, 2)}, "kind has the dtype <i4 and the shape [2]; allowed is one text or whole number"},
		"float as kind":       {rows, scores, []commandtest.Array{kind("<f8", 2.0)}, "kind has the dtype <f8"},
		"tolerance, float32":  {rows, scores, []commandtest.Array{{Name: "tolerance", DType: "<f4", Data: float32(1)}}, "allowed is one float64"},
		"negative tolerance":  {rows, scores, []commandtest.Array{tolerance(-1)}, "tolerance is -1; allowed is 0 or more"},
		"NaN as tolerance":    {rows, scores, []commandtest.Array{tolerance(math.NaN())}, "tolerance is NaN"},
		"one score per row":   {rows, scores[:3], nil, "scores have the shape [3], and the model gives [3 2] for these rows"},
		"fewer rows":          {rows[:6], scores[:6], nil, "scores have the shape [2 3], and the model gives [2 2]"},
		"an array too many":   {rows, scores, []commandtest.Array{{Name: "tolerence", DType: "<f8", Data: 1.0}}, `the array "tolerence" is unknown`},
		"other rows":          {rows, scores, []commandtest.Array{{Name: "rows", DType: "<f8", Shape: []int{3, 3}, Data: make([]float64, 9)}}, "rows have dtype <f8"},
		"rows of another dim": {rows, scores, []commandtest.Array{{Name: "rows", DType: "<f4", Shape: []int{9, 1}, Data: rows}}, "rows have 1 features, and the model takes 3"},
		"flat rows":           {rows, scores, []commandtest.Array{{Name: "rows", DType: "<f4", Shape: []int{9}, Data: rows}}, "rows have 1 dimensions"},
		"no rows at all":      {rows, scores, []commandtest.Array{{Name: "rows", DType: "<f4", Shape: []int{0, 3}, Data: []float32{}}}, "there are no rows"},
		"rows cut off":        {rows, scores, []commandtest.Array{{Name: "rows", DType: "<f4", Shape: []int{3, 3}, Data: rows[:8]}}, "rows have 32 bytes of numbers, which is not what their shape [3 3] says"},
		"rows beyond memory":  {rows, scores, []commandtest.Array{{Name: "rows", DType: "<f4", Shape: []int{1 << 62, 3}, Data: rows}}, "rows have 36 bytes"},
	} {
		file := filepath.Join(t.TempDir(), "m.txt")
		commandtest.WriteGolden(t, Beside(file), 3, c.rows, c.scores, c.more...)
		switch n, err := Check(file, two); {
		case c.want == "" && (err != nil || n != 3):
			t.Errorf("%s: %d rows, %v", name, n, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), Beside(file)+": ") || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNone: golden vectors are not required. A file that is none is an error, and so is a model that fails.
func TestNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.txt")
	if n, err := Check(file, two); n != 0 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	if err := os.WriteFile(Beside(file), []byte("PK\x03\x04cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(file, two); err == nil || !strings.Contains(err.Error(), "m.golden.npz is no whole .npz file") {
		t.Error(err)
	}
	commandtest.WriteNPZ(t, Beside(file), commandtest.Array{Name: "rows", DType: "<f4", Shape: []int{1, 3}, Data: make([]float32, 3)})
	if _, err := Check(file, two); err == nil || !strings.Contains(err.Error(), "no array scores") {
		t.Error(err)
	}
	broken := copies{two.shape, errors.New("broken")}
	commandtest.WriteGolden(t, Beside(file), 3, make([]float32, 300), make([]float32, 200))
	if _, err := Check(file, broken); err == nil || !strings.Contains(err.Error(), "fails for rows 0 to 63: broken") {
		t.Error(err)
	}
}
