package load

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/server/bench/internal/oip"
	"github.com/disrust/disrust/wire"
)

// TestCut: the requests of a sample are its first rows, and a prime number of them.
func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count, vectors := rapid.IntRange(0, 500).Draw(t, "rows"), rapid.IntRange(1, 64).Draw(t, "vectors")
		s := Sample{make([]float32, count*wire.DefaultDim), make([]float32, count)}
		rows, scores, err := s.cut(vectors)
		if count < 2*vectors {
			if err == nil {
				t.Fatalf("%d rows suffice for two requests of %d", count, vectors)
			}
			return
		}
		requests := len(scores) / vectors
		if err != nil || len(rows) != len(scores)*wire.DefaultDim || requests*vectors != len(scores) || !big.NewInt(int64(requests)).ProbablyPrime(0) {
			t.Fatalf("%d rows and %d scores, %v", len(rows), len(scores), err)
		}
		for next := requests + 1; next*vectors <= count; next++ {
			if big.NewInt(int64(next)).ProbablyPrime(0) {
				t.Fatalf("%d requests, although there are rows for %d", requests, next)
			}
		}
	})
}

// rounded serves the model that gives the sum of a row and a third, rounded as another engine
// might, in all forms of HTTP.
func rounded(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	answer := func(rows []float32) []float32 {
		var scores []float32
		for row := range slices.Chunk(rows, wire.DefaultDim) {
			sum := float32(1./3) * (1 + 1e-6)
			for _, v := range row {
				sum += v
			}
			scores = append(scores, sum)
		}
		return scores
	}
	unpack := func(b []byte) []float32 {
		rows := make([]float32, len(b)/4)
		_, _ = binary.Decode(b, binary.LittleEndian, rows)
		return rows
	}
	reply := func(v any) []byte {
		text, _ := json.Marshal(v)
		return text
	}
	switch {
	case r.Header.Get(headerLength) != "":
		head, _ := strconv.Atoi(r.Header.Get(headerLength))
		if !json.Valid(body[:head]) {
			http.Error(w, "no JSON", http.StatusBadRequest)
			return
		}
		packed, _ := pack(answer(unpack(body[head:])))
		w.Header().Set(headerLength, "2")
		_, _ = w.Write(append([]byte("{}"), packed...))
	case r.URL.Path == oip.Path(modelName):
		var q oip.Request
		_ = json.Unmarshal(body, &q)
		response := oip.NewResponse(answer(q.Inputs[0].Data))
		response.Outputs[0].Datatype = oip.FP64
		_, _ = w.Write(reply(response))
	case r.Header.Get("Content-Type") == "application/json":
		var q struct{ Rows [][]float32 }
		_ = json.Unmarshal(body, &q)
		_, _ = w.Write(reply(answer(slices.Concat(q.Rows...))))
	default:
		packed, _ := pack(answer(unpack(body)))
		_, _ = w.Write(packed)
	}
}

// TestForms drives a model in each form of HTTP, with the right scores and with a wrong one.
func TestForms(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(rounded))
	defer server.Close()
	for name, drives := range map[string]Func{"binary": HTTPBinary, "Triton": TritonBinary, "OIP": OIPJSON, "rows": RowsJSON} {
		rows, scores := drive.Rows(0, 50, wire.DefaultDim)
		for i := range scores {
			scores[i] += 1. / 3
		}
		c := Config{
			Addr: strings.TrimPrefix(server.URL, "http://"), Conns: 2, Window: 1, Vectors: 3, Stall: time.Minute,
			Duration: 20 * time.Millisecond, Sample: &Sample{rows, scores}, Begin: func() {}, End: func() {},
		}
		if total, err := drives(t.Context(), c); err != nil || total.Requests == 0 {
			t.Errorf("%s: %d requests, %v", name, total.Requests, err)
		}
		scores[0]++
		if _, err := drives(t.Context(), c); err == nil || !strings.Contains(err.Error(), "answered wrongly: score 1 of 3 is 1.33") {
			t.Errorf("%s: a wrong score gives %v", name, err)
		}
	}
}

func TestDecodeTriton(t *testing.T) {
	for length, body := range map[string]string{"": "", "x": "{}", "-1": "{}", "3": "{}"} {
		if scores, err := decodeTriton(nil, http.Header{headerLength: {length}}, []byte(body)); err == nil {
			t.Errorf("a header of %q gives %v", length, scores)
		}
	}
}
