package drive

import (
	"bytes"
	"math"
	"testing"

	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

var drawnMix = rapid.Custom(func(t *rapid.T) Mix {
	sizes := rapid.SliceOfNDistinct(rapid.IntRange(1, 9), 1, 4, rapid.ID[int]).Draw(t, "sizes")
	var mix Mix
	for _, size := range sizes {
		mix = append(mix, Share{size, rapid.IntRange(1, 20).Draw(t, "weight")})
	}
	return mix
})

// small is the format of drawn mixes.
var small = wire.Format{Dim: 3, Outputs: 1, MaxVectors: 9}

// TestRunsAreWholeRequests reads any run with package wire. It must hold the requests of the
// cycle in order, and the expected responses must be their sums.
func TestRunsAreWholeRequests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, err := Generate(small, drawnMix.Draw(t, "mix"), rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		first := rapid.IntRange(0, q.Count()-1).Draw(t, "first")
		n := rapid.Int64Range(1, 20_000).Draw(t, "n")
		count, begin, end := q.run(first, n)
		run := q.bytes[begin:end]
		if count < 1 || int64(count) > n || int64(count) < n && len(run)+small.RequestBytes(9) <= writeBytes {
			t.Fatalf("%d of %d requests in a run of %d bytes", count, n, len(run))
		}
		for k := range min(count, 2*q.Count()) {
			i := (first + k) % q.Count()
			want := q.responses[q.replies[i].end-small.ResponseBytes(q.replies[i].vectors) : q.replies[i].end]
			frame := small.ParseRequest(run)
			if frame.Status != wire.Complete || !bytes.Equal(answer(run[:frame.Bytes], small.Dim), want) {
				t.Fatalf("request %d of the run: %+v", k, frame)
			}
			run = run[frame.Bytes:]
		}
	})
}

// answer returns the right response to a request of rows that sum exactly.
func answer(request []byte, dim int) []byte {
	rows := make([]float32, (len(request)-wire.HeaderBytes)/4)
	wire.CopyRows(rows, request[wire.HeaderBytes:])
	scores := make([]float32, len(rows)/dim)
	for i := range scores {
		for _, feature := range rows[i*dim : (i+1)*dim] {
			scores[i] += feature
		}
	}
	return wire.AppendResponse(nil, len(scores), scores)
}

// TestReplaySendsEveryRowOnce joins the requests of a replay: they must give the rows.
func TestReplaySendsEveryRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "rows")
		rows = append(rows, make([]byte, small.RowBytes()-len(rows)%small.RowBytes())...)
		q, err := Replay(small, rows, drawnMix.Draw(t, "mix"), 1)
		if err != nil {
			t.Fatal(err)
		}
		var sent []byte
		for i := range q.Count() {
			sent = append(sent, q.bytes[q.begins[i]+wire.HeaderBytes:q.begins[i+1]]...)
		}
		if !bytes.Equal(sent, rows) || q.Vectors()*small.RowBytes() != len(rows) {
			t.Fatalf("%d bytes of rows became %d, %d vectors", len(rows), len(sent), q.Vectors())
		}
	})
}

func TestRowsSumExactly(t *testing.T) {
	for _, dim := range []int{1, 2, 128, 1000} {
		rows, scores := Rows(5, 3, dim)
		for i, want := range []float32{6, 7, 8} {
			sum, reach := float32(0), 0.0
			for _, feature := range rows[i*dim : (i+1)*dim] {
				sum += feature
				reach += math.Abs(float64(feature))
			}
			if sum != want || scores[i] != want || reach >= 1<<24 {
				t.Errorf("dim %d, row %d: sum %v, score %v, want %v; partial sums reach %v", dim, i, sum, scores[i], want, reach)
			}
		}
	}
}
