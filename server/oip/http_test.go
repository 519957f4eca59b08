package oip

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestTold: what a client learns without asking for scores.
func TestTold(t *testing.T) {
	b := start(t, twice{2})
	about := `{"name":"a model/ü","versions":["1"],"platform":"disrust","inputs":[{"name":"features","datatype":"FP32","shape":[-1,3]}],"outputs":[{"name":"scores","datatype":"FP32","shape":[-1,2]}]}`
	for path, want := range map[string]string{
		"/v2":                                  `{"name":"disrust","version":"` + version() + `","extensions":["binary_tensor_data"]}`,
		"/v2/":                                 `{"name":"disrust","version":"` + version() + `","extensions":["binary_tensor_data"]}`,
		"/v2/health/live":                      `{"live":true}`,
		"/v2/health/ready":                     `{"ready":true}`,
		testPath:                               about,
		testPath + "/versions/1":               about,
		testPath + "/ready":                    `{"name":"a model/ü","ready":true}`,
		testPath + "/versions/1/ready":         `{"name":"a model/ü","ready":true}`,
		"/v2/models/a model%2f%C3%BC":          about,
		"/v2/models/a%20model%2f%c3%bc/ready/": `{"name":"a model/ü","ready":true}`,
	} {
		path = strings.ReplaceAll(path, " ", "%20")
		status, header, answer := b.ask(t, "GET", path, nil, nil)
		if status != 200 || header.Get("Content-Type") != "application/json" || answer != want+"\n" {
			t.Errorf("%s: %d, %s; want %s", path, status, answer, want)
		}
		if status, _, answer = b.ask(t, "HEAD", path, nil, nil); status != 200 || answer != "" {
			t.Errorf("HEAD %s: %d, %q", path, status, answer)
		}
	}
}

// TestAdminIsElsewhere: the port has no path of the admin port.
func TestAdminIsElsewhere(t *testing.T) {
	b := start(t, twice{2})
	for _, path := range []string{"/", "/livez", "/readyz", "/metrics", "/status", "/model", "/debug/pprof/", "/v2x", "/v2/health", "/v2/health/so", "/v2/models",
		"/v1/models/m", "/v2//models/m", testPath + "/config", testPath + "/versions", testPath + "/versions/1/infer/more", "/v2/models/m%zz"} {
		r := "GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
		c, err := rawtest.Dial(b.http)
		rawtest.Check(t, err)
		defer c.Close()
		rawtest.Check(t, c.Send([]byte(r)))
		answer, err := io.ReadAll(c)
		if status := strings.Fields(string(answer) + " - -")[1]; err != nil || status != "404" && status != "400" {
			t.Errorf("%s: %v, %s", path, err, answer)
		}
	}
}

// want is a request and its answer.
type want struct {
	name    string
	headers map[string]string
	body    string
	status  int
	says    string // the answer, or part of its error
}

const (
	answerHead = `{"model_name":"a model/ü","model_version":"1","outputs":[{"name":"scores","datatype":"FP32","shape":[1,2],`
	goodRow    = `{"inputs":[{"name":"features","datatype":"FP32","shape":[1,3],"data":[1,2,3]}]`
	threeBytes = "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40" // 1, 2, 3
	sixTwelve  = "\x00\x00\xc0\x40\x00\x00\x40\x41"                 // 6, 12
	binaryHead = `{"inputs":[{"name":"features","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}`
)

func length(n string) map[string]string { return map[string]string{lengthHeader: n} }

// TestInfer: good and bad requests, and all that their answers say.
func TestInfer(t *testing.T) {
	b := start(t, twice{2})
	one := func(tensor string) string { return `{"inputs":[{` + tensor + `}]}` }
	tests := []want{
		{"one row", nil, goodRow + `}`, 200, answerHead + `"data":[6,12]}]}`},
		{"nested", nil, one(`"name":"features","datatype":"FP32","shape":[2,3],"data":[[1,2,3],[4,5,6]]`), 200,
			`{"model_name":"a model/ü","model_version":"1","outputs":[{"name":"scores","datatype":"FP32","shape":[2,2],"data":[6,12,15,30]}]}`},
		{"data first", nil, one(`"data":[1,2,3],"shape":[1,3],"datatype":"FP32","name":"features"`), 200, answerHead + `"data":[6,12]}]}`},
		{"an id", nil, goodRow + `,"id":"a\u00e9\"<"}`, 200, `{"id":"aé\"\u003c",` + answerHead[1:] + `"data":[6,12]}]}`},
		{"no numbers", nil, one(`"name":"features","datatype":"FP32","shape":[3,3],"data":[null,0,NaN, Infinity,0,0, -Infinity,0,0]`), 200,
			`{"model_name":"a model/ü","model_version":"1","outputs":[{"name":"scores","datatype":"FP32","shape":[3,2],"data":[NaN,NaN,Infinity,Infinity,-Infinity,-Infinity]}]}`},
		{"rounding", nil, one(`"name":"features","datatype":"FP32","shape":[1,3],"data":[0.1,0,-0]`), 200, answerHead + `"data":[0.10000000149011612,0.20000000298023224]}]}`},
		{"an output by name", nil, goodRow + `,"outputs":[{"name":"scores"}]}`, 200, answerHead + `"data":[6,12]}]}`},
		{"no output by name", nil, goodRow + `,"outputs":[]}`, 200, answerHead + `"data":[6,12]}]}`},
		{"binary output", nil, goodRow + `,"outputs":[{"name":"scores","parameters":{"binary_data":true}}]}`, 200, answerHead + `"parameters":{"binary_data_size":8}}]}` + sixTwelve},
		{"binary outputs", nil, goodRow + `,"parameters":{"binary_data_output":true}}`, 200, answerHead + `"parameters":{"binary_data_size":8}}]}` + sixTwelve},
		{"binary outputs but this", nil, goodRow + `,"parameters":{"binary_data_output":true},"outputs":[{"name":"scores","parameters":{"binary_data":false}}]}`, 200, answerHead + `"data":[6,12]}]}`},
		{"parameters of others", nil, goodRow + `,"parameters":{"priority":1,"x":{"y":[null,true,1e5,"s"]}},"more":null}`, 200, answerHead + `"data":[6,12]}]}`},
		{"binary", length("101"), binaryHead + threeBytes, 200, answerHead + `"data":[6,12]}]}`},
		{"raw", length("0"), threeBytes, 200, answerHead + `"parameters":{"binary_data_size":8}}]}` + sixTwelve},

		{"nothing", nil, "", 400, "the body has 0 bytes"},
		{"half of a row", length("0"), threeBytes[:8], 400, "the body has 8 bytes: without JSON it is rows of 3 features, which have 12 bytes each"},
		{"no JSON", nil, "features", 400, `the JSON has 'f' at byte 0, and an object is expected`},
		{"half", nil, goodRow, 400, "the JSON ends at byte 78, and a comma is expected"},
		{"more", nil, goodRow + `} {}`, 400, "and the end is expected"},
		{"deep", nil, goodRow + `,"parameters":{"x":` + strings.Repeat("[", 1000), 400, "more than 32 objects and arrays"},
		{"no input", nil, `{"inputs":[]}`, 400, "0 inputs: the model takes one"},
		{"two inputs", nil, `{"inputs":[{},{}]}`, 400, "2 inputs: the model takes one"},
		{"another input", nil, one(`"name":"x","datatype":"FP32","shape":[1,3],"data":[1,2,3]`), 400, `there is no input "x": "features" is the one`},
		{"another datatype", nil, one(`"name":"features","datatype":"FP64","shape":[1,3],"data":[1,2,3]`), 400, `datatype "FP64": FP32`},
		{"text", nil, one(`"name":"features","datatype":"BYTES","shape":[1,3],"data":["a","b","c"]`), 400, `datatype "BYTES": FP32`},
		{"text as numbers", nil, one(`"name":"features","datatype":"FP32","shape":[1,3],"data":["1",2,3]`), 400, `the JSON has '"' at byte`},
		{"another dim", nil, one(`"name":"features","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]`), 400, `shape [1 4]: [rows, 3]`},
		{"no rows", nil, one(`"name":"features","datatype":"FP32","shape":[0,3],"data":[]`), 400, `shape [0 3]`},
		{"negative rows", nil, one(`"name":"features","datatype":"FP32","shape":[-1,3],"data":[]`), 400, `shape [-1 3]`},
		{"one dimension", nil, one(`"name":"features","datatype":"FP32","shape":[3],"data":[1,2,3]`), 400, `shape [3]: [rows, 3]`},
		{"nine dimensions", nil, one(`"name":"features","datatype":"FP32","shape":[1,1,1,1,1,1,1,1,3],"data":[1,2,3]`), 400, "more than 8 numbers"},
		{"a fraction of a shape", nil, one(`"name":"features","datatype":"FP32","shape":[1.0,3],"data":[1,2,3]`), 400, "a whole number"},
		{"too many rows", nil, one(`"name":"features","datatype":"FP32","shape":[9000000000000000000,3],"data":[1,2,3]`), 413, "may have 65536"},
		{"too few elements", nil, one(`"name":"features","datatype":"FP32","shape":[1,3],"data":[1,2]`), 400, "2 elements, and its shape [1, 3] says 3"},
		{"rows of other lengths", nil, one(`"name":"features","datatype":"FP32","shape":[2,3],"data":[[1,2],[3,4,5,6]]`), 400, "rows of other lengths than 3"},
		{"rows and numbers", nil, one(`"name":"features","datatype":"FP32","shape":[2,3],"data":[[1,2,3],4,5,6]`), 400, "rows of other lengths"},
		{"numbers and rows", nil, one(`"name":"features","datatype":"FP32","shape":[2,3],"data":[1,2,3,[4,5,6]]`), 400, "rows of other lengths"},
		{"deeper rows", nil, one(`"name":"features","datatype":"FP32","shape":[1,3],"data":[[[1,2,3]]]`), 400, "a number is expected"},
		{"a large number", nil, one(`"name":"features","datatype":"FP32","shape":[1,3],"data":[1e39,2,3]`), 400, "larger than any of FP32"},
		{"no data", nil, one(`"name":"features","datatype":"FP32","shape":[1,3]`), 400, "has no data"},
		{"an output that is not there", nil, goodRow + `,"outputs":[{"name":"x"}]}`, 400, `there is no output "x": "scores" is the one`},
		{"two outputs", nil, goodRow + `,"outputs":[{"name":"scores"},{"name":"scores"}]}`, 400, "asks for 2 outputs"},
		{"classes", nil, goodRow + `,"outputs":[{"name":"scores","parameters":{"classification":2}}]}`, 400, `"classification" is of an extension`},
		{"shared memory", nil, one(`"name":"features","datatype":"FP32","shape":[1,3],"parameters":{"shared_memory_region":"r"}`), 400, `"shared_memory_region" is of an extension`},
		{"a length beyond the body", length("102"), binaryHead, 400, "a number of bytes from 0 to the body's 101"},
		{"a length that is none", length("-1"), binaryHead, 400, `is "-1"`},
		{"binary data missing", length("101"), binaryHead + threeBytes[:8], 400, "binary_data_size 12, and 8 bytes follow"},
		{"binary data that nobody has", length("79"), goodRow + "}" + threeBytes, 400, "12 bytes follow the JSON, and no input"},
		{"both data", length("116"), strings.Replace(binaryHead, `{"name"`, `{"data":[1,2,3],"name"`, 1) + threeBytes, 400, "both data and binary_data_size"},
		{"another size", length("100"), strings.Replace(binaryHead, "12", "8", 1) + threeBytes[:8], 400, "8 bytes, and its shape [1, 3] and datatype FP32 say 12"},
		{"a negative size", length("101"), strings.Replace(binaryHead, "12", "-1", 1) + threeBytes, 400, "less than 0"},
		{"an encoding", map[string]string{"Content-Encoding": "br"}, "x", 415, `encoding "br": gzip and deflate`},
		{"no gzip", map[string]string{"Content-Encoding": "gzip"}, goodRow, 400, "the body cannot be read: gzip"},
		{"a foreign page", map[string]string{"Sec-Fetch-Site": "cross-site"}, goodRow + "}", 403, "cross-origin"},
	}
	var failures uint64
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, header, answer := b.ask(t, "POST", testPath+"/infer", test.headers, []byte(test.body))
			if status != test.status {
				t.Errorf("status %d, want %d: %s", status, test.status, answer)
			}
			if test.status == 200 {
				if answer != test.says {
					t.Errorf("%s\n want %s", answer, test.says)
				}
				return
			}
			failures++
			var said map[string]string
			if err := json.Unmarshal([]byte(answer), &said); err != nil || len(said) != 1 || !strings.Contains(said["error"], test.says) || header.Get("Content-Type") != "application/json" {
				t.Errorf("%v: %s; want an error with %s", err, answer, test.says)
			}
		})
	}
	if got := b.Server.http.failures.Load(); got != failures || b.Server.http.requests.Load() != uint64(len(tests)) {
		t.Errorf("counted %d failures of %d, want %d of %d", got, b.Server.http.requests.Load(), failures, len(tests))
	}
}

// TestPaths: methods, and models and versions that are not served.
func TestPaths(t *testing.T) {
	b := start(t, twice{2})
	for line, says := range map[string]string{
		"GET " + testPath + "/infer":             "405 takes POST",
		"POST " + testPath:                       "405 takes GET and HEAD",
		"DELETE /v2":                             "405 takes GET and HEAD",
		"GET /v2/models/b":                       `404 there is no model \"b\": \"a model/ü\" is served`,
		"POST /v2/models/b/infer":                `404 there is no model \"b\"`,
		"GET " + testPath + "/versions/2":        `404 has no version \"2\": \"1\" is served`,
		"POST " + testPath + "/versions/2/infer": `404 has no version \"2\"`,
		"GET " + testPath + "/versions/2/ready":  `404 has no version \"2\"`,
	} {
		method, path, _ := strings.Cut(line, " ")
		code, part, _ := strings.Cut(says, " ")
		status, _, answer := b.ask(t, method, path, nil, []byte(goodRow+"}"))
		if http.StatusText(status) == "" || !strings.HasPrefix(code, string([]byte{byte('0' + status/100)})) || !strings.Contains(answer, part) {
			t.Errorf("%s: %d %s, want %s", line, status, answer, says)
		}
	}
}

// TestCompressed: bodies with an encoding, and one that grows too large.
func TestCompressed(t *testing.T) {
	b := start(t, twice{2})
	for encoding, compress := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	} {
		pack := func(text []byte) []byte {
			var packed bytes.Buffer
			w := compress(&packed)
			w.Write(text)
			rawtest.Check(t, w.Close())
			return packed.Bytes()
		}
		headers := map[string]string{"Content-Encoding": encoding, lengthHeader: "101"}
		if status, _, answer := b.ask(t, "POST", testPath+"/infer", headers, pack([]byte(binaryHead+threeBytes))); status != 200 || answer != answerHead+`"data":[6,12]}]}` {
			t.Errorf("%s: %d, %s", encoding, status, answer)
		}
		headers[lengthHeader] = "0"
		if status, _, answer := b.ask(t, "POST", testPath+"/infer", headers, pack(make([]byte, MaxRequestBytes+1))); status != 413 {
			t.Errorf("%s: %d, %s", encoding, status, answer)
		}
	}
}

// TestLargest: a request for as many scores as an answer may have is scored. A body that is too large is refused, also where
// the client does not say how long it is.
func TestLargest(t *testing.T) {
	b := start(t, twice{2})
	rows := MaxAnswerBytes / (floatBytes * testOutputs)
	status, _, answer := b.ask(t, "POST", testPath+"/infer", length("0"), make([]byte, floatBytes*testDim*rows))
	if status != 200 || len(answer) < rows*testOutputs*floatBytes {
		t.Errorf("%d, %d bytes", status, len(answer))
	}
	status, _, _ = b.ask(t, "POST", testPath+"/infer", length("0"), make([]byte, MaxRequestBytes+1))
	if status != 413 {
		t.Errorf("%d", status)
	}
	r, err := http.NewRequest("POST", "http://"+b.http+testPath+"/infer", io.MultiReader(bytes.NewReader(make([]byte, MaxRequestBytes+1)))) // chunked
	rawtest.Check(t, err)
	w, err := http.DefaultClient.Do(r)
	rawtest.Check(t, err)
	w.Body.Close()
	if w.StatusCode != 413 {
		t.Errorf("%d", w.StatusCode)
	}
}
