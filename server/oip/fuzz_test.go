package oip

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"github.com/disrust/disrust/wire"
	"google.golang.org/protobuf/proto"
)

var testServed = server.Served{Name: testName, Format: wire.Format{Dim: testDim, Outputs: testOutputs, MaxVectors: 4}}

// FuzzJSON: the reader takes what encoding/json takes, and nothing else, and reads numbers as it does.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2.5e+3,0,true,false,null,"x\u00e9\n\ud800"],"b":{}}`, `[]`, ` {"a" : 01}`, `-`, `1.`, `1e`, `"\x"`, "\"\x01\"", "\"\xff\"", `[1,]`, `{"a":1,}`, `nul`, `[1 2]`, `"`, `0.1e-400`, `1e400`, `NaN`, strings.Repeat("[", 40)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := jsonReader{text: text}
		err := r.skip()
		if err == nil {
			err = r.end()
		}
		if valid := json.Valid(text); valid != (err == nil) && bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) <= maxDepth {
			t.Fatalf("%q: %v, and encoding/json says %t", text, err, valid)
		}
		var want float32
		r = jsonReader{text: text}
		got, err := r.float32()
		if err == nil {
			err = r.end()
		}
		if trimmed := bytes.TrimSpace(text); err == nil && (len(trimmed) == 0 || trimmed[len(trimmed)-1] == 'N' || bytes.HasSuffix(trimmed, []byte("Infinity")) || string(trimmed) == "null") {
			return
		}
		if e := json.Unmarshal(text, &want); (e == nil) != (err == nil) || err == nil && math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("%q: %v, %v; encoding/json has %v, %v", text, got, err, want, e)
		}
	})
}

// FuzzBody: any body is refused, or has the features that encoding/json finds in it. It takes little more memory than it
// has bytes.
func FuzzBody(f *testing.F) {
	f.Add([]byte(goodRow+"}"), len(goodRow)+1)
	f.Add([]byte(binaryHead+threeBytes), len(binaryHead))
	f.Add([]byte(threeBytes), 0)
	f.Add([]byte(`{"inputs":[{"name":"features","datatype":"FP32","shape":[2,3],"data":[[1,2,3],[4,5,6]]}],"outputs":[{"name":"scores","parameters":{"binary_data":true}}]}`), 1000)
	f.Fuzz(func(t *testing.T, body []byte, jsonBytes int) {
		jsonBytes = min(max(0, jsonBytes), len(body))
		var w workspace
		q, err := w.parse(&testServed, body, jsonBytes)
		if floatBytes*cap(w.rows) > 8*len(body)+1024 {
			t.Fatalf("%d bytes for a body of %d", floatBytes*cap(w.rows), len(body))
		}
		if err != nil {
			if failureOf(err).status < 400 || failureOf(err).status >= 500 {
				t.Fatal(err)
			}
			return
		}
		if q.rows < 1 || len(w.rows) != q.rows*testDim {
			t.Fatalf("%d rows, %d features", q.rows, len(w.rows))
		}
		text := body[:jsonBytes]
		if len(text) == 0 || bytes.Contains(text, []byte("binary_data_size")) {
			if want := decodedFloats(string(body[jsonBytes:])); !slices.EqualFunc(w.rows, want, sameBits) {
				t.Fatalf("%v, want %v", w.rows, want)
			}
			return
		}
		if bytes.Contains(text, []byte("NaN")) || bytes.Contains(text, []byte("Infinity")) {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q is no JSON", text)
		}
	})
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

// FuzzMessage: the reader of messages takes what package protobuf takes, and finds the same in it.
func FuzzMessage(f *testing.F) {
	for _, q := range []*inferencepb.ModelInferRequest{raw(1, []float32{1, 2, 3}), typed(1, []float32{1, 2, 3}), {Id: "a", ModelVersion: "1"}} {
		b, err := proto.Marshal(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x2a\x07\x2a\x05\x35\x00\x00\x80\x3f")) // an element in a field of its own
	f.Fuzz(func(t *testing.T, b []byte) {
		var want inferencepb.ModelInferRequest
		w := workspace{body: b}
		got, err := w.parseMessage()
		if proto.Unmarshal(b, &want) != nil {
			return // it also checks what this reader leaves out, such as that all text is UTF-8
		}
		if err != nil {
			if strings.Contains(err.Error(), "shape") {
				return
			}
			t.Fatalf("%q: %v", b, err)
		}
		if string(got.model) != want.ModelName || string(got.version) != want.ModelVersion || string(got.id) != want.Id ||
			got.inputs != len(want.Inputs) || got.outputs != len(want.Outputs) || got.raws != len(want.RawInputContents) {
			t.Fatalf("%+v, want %v", got, &want)
		}
		if got.raws > 0 && !bytes.Equal(got.raw, want.RawInputContents[0]) {
			t.Fatalf("%q, want %q", got.raw, want.RawInputContents[0])
		}
		if got.inputs == 0 {
			return
		}
		in := want.Inputs[0]
		if string(got.input.name) != in.Name || string(got.input.datatype) != in.Datatype || !slices.Equal(got.input.shape, in.Shape) ||
			got.input.hasContents != (in.Contents != nil) || !slices.EqualFunc(w.rows, in.Contents.GetFp32Contents(), sameBits) {
			t.Fatalf("%+v with %v, want %v", got.input, w.rows, in)
		}
	})
}
