package oip

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"pgregory.net/rapid"
)

// TestSameBits: rows of any bits, in any number, have the same scores by the server's own port and in each way of
// the protocol. Only the bits of a NaN may differ where it is written as text.
func TestSameBits(t *testing.T) {
	b := start(t, twice{2})
	native, err := client.Dial(t.Context(), client.Config{Addrs: []string{b.of.Addr().String()}})
	rawtest.Check(t, err)
	defer native.Close()
	c := b.dial(t)
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.IntRange(1, 11).Draw(rt, "rows")
		bits := rapid.OneOf(rapid.Uint32(), rapid.Map(rapid.Float32(), math.Float32bits))
		features := make([]float32, rows*testDim)
		for i := range features {
			features[i] = math.Float32frombits(bits.Draw(rt, "bits"))
		}
		want := make([]float32, rows*testOutputs)
		for first := 0; first < rows; first += 4 { // as many as a request of the own port may have
			last := min(rows, first+4)
			rawtest.Check(t, native.Score(t.Context(), want[first*testOutputs:last*testOutputs], features[first*testDim:last*testDim]))
		}
		same := func(way string, got []float32, text bool) {
			for i := range want {
				nan := text && math.IsNaN(float64(want[i])) && math.IsNaN(float64(got[i]))
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !nan {
					rt.Fatalf("%s: score %d is %v, want %v", way, i, got[i], want[i])
				}
			}
		}
		tensor := fmt.Sprintf(`"name":"features","datatype":"FP32","shape":[%d,%d]`, rows, testDim)
		asText := `{"inputs":[{` + tensor + `,"data":` + textOf(features) + `}]}`
		asBytes := fmt.Sprintf(`{"inputs":[{%s,"parameters":{"binary_data_size":%d}}],"parameters":{"binary_data_output":true}}`, tensor, len(features)*floatBytes)
		infer := func(headers map[string]string, body string) string {
			status, header, answer := b.ask(t, "POST", testPath+"/infer", headers, []byte(body))
			if status != 200 {
				rt.Fatalf("%d, %s", status, answer)
			}
			n, _ := strconv.Atoi(header.Get(lengthHeader))
			return answer[n:]
		}
		same("text", parsed(rt, infer(nil, asText)), true)
		same("binary", decodedFloats(infer(length(strconv.Itoa(len(asBytes))), asBytes+string(floatsLE(features...)))), false)
		same("raw", decodedFloats(infer(length("0"), string(floatsLE(features...)))), false)
		packed := new(bytes.Buffer)
		w := gzip.NewWriter(packed)
		w.Write(floatsLE(features...))
		w.Close()
		same("packed", decodedFloats(infer(map[string]string{"Content-Encoding": "gzip", lengthHeader: "0"}, packed.String())), false)
		for way, q := range map[string]*inferencepb.ModelInferRequest{"gRPC": raw(rows, features), "gRPC, typed": typed(rows, features)} {
			got, err := c.ModelInfer(t.Context(), q)
			rawtest.Check(t, err)
			same(way, decodedFloats(string(got.RawOutputContents[0])), false)
		}
	})
}

// textOf writes floats as Python writes those of numpy: as float64.
func textOf(floats []float32) string {
	var words []string
	for _, f := range floats {
		word := strconv.FormatFloat(float64(f), 'g', -1, 64)
		words = append(words, strings.NewReplacer("+Inf", "Infinity", "-Inf", "-Infinity").Replace(word))
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// parsed reads the scores of an answer as Python does: as float64, which become float32.
func parsed(t *rapid.T, answer string) (floats []float32) {
	_, data, _ := strings.Cut(answer, `"data":[`)
	data, _, _ = strings.Cut(data, "]")
	for word := range strings.SplitSeq(data, ",") {
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
		floats = append(floats, float32(f))
	}
	return floats
}

func decodedFloats(b string) (floats []float32) {
	for i := 0; i+floatBytes <= len(b); i += floatBytes {
		floats = append(floats, math.Float32frombits(binary.LittleEndian.Uint32([]byte(b[i:i+floatBytes]))))
	}
	return floats
}

// TestAppendScore: the text of a score is JSON unless it is no number, and reading it as a float32, or as a float64 that becomes a
// float32, gives the score's bits.
func TestAppendScore(t *testing.T) {
	check := func(bits uint32) error {
		score := math.Float32frombits(bits)
		text := string(appendScore(nil, score))
		narrow, err := strconv.ParseFloat(text, 32)
		wide, err2 := strconv.ParseFloat(text, 64)
		finite := !math.IsNaN(float64(score)) && !math.IsInf(float64(score), 0)
		if err != nil || err2 != nil || finite && (math.Float32bits(float32(narrow)) != bits || math.Float32bits(float32(wide)) != bits || !json.Valid([]byte(text))) {
			return fmt.Errorf("%v is written as %s", score, text)
		}
		return nil
	}
	rapid.Check(t, func(t *rapid.T) {
		if err := check(rapid.Uint32().Draw(t, "bits")); err != nil {
			t.Fatal(err)
		}
	})
}
