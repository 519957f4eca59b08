// Command http scores over HTTP with net/http, in the two forms that people use. POST /score
// takes packed little-endian float32 rows and answers with packed scores. POST
// /v2/models/sum/infer takes and gives JSON of the Open Inference Protocol, with
// encoding/json, as Go servers usually do. Bodies have a known length, buffers come from a
// pool, and connections are kept alive.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"

	"github.com/disrust/disrust/server/bench/internal/oip"
	"github.com/disrust/disrust/server/bench/internal/serving"
	"github.com/disrust/disrust/wire"
)

var (
	rowBytes     = wire.Default.RowBytes()
	maxBodyBytes = wire.DefaultMaxVectors * rowBytes
)

// maxJSONBytes bounds the size of a JSON body: no float32 takes more than 16 characters and a
// comma.
const maxJSONBytes = wire.DefaultMaxVectors*wire.DefaultDim*17 + 4096

func main() {
	http.HandleFunc("POST /score", scoreBinary)
	http.HandleFunc("POST "+oip.Path(oip.Sum), scoreJSON)
	log.Fatal(http.Serve(serving.Listen(), nil))
}

// buffers holds what the server needs to answer one binary request.
type buffers struct {
	serving.Scorer
	body, out []byte
}

var pool = sync.Pool{New: func() any { return &buffers{body: make([]byte, maxBodyBytes)} }}

func scoreBinary(w http.ResponseWriter, r *http.Request) {
	size := int(r.ContentLength)
	if size < rowBytes || size > maxBodyBytes || size%rowBytes != 0 {
		http.Error(w, fmt.Sprintf("the body must be 1 to %d rows of %d bytes", wire.DefaultMaxVectors, rowBytes), http.StatusBadRequest)
		return
	}
	b := pool.Get().(*buffers)
	defer pool.Put(b)
	if _, err := io.ReadFull(r.Body, b.body[:size]); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.out, _ = binary.Append(b.out[:0], binary.LittleEndian, b.Score(b.body[:size])) // cannot fail: floats have a fixed size
	respond(w, "application/octet-stream", b.out)
}

func scoreJSON(w http.ResponseWriter, r *http.Request) {
	var q oip.Request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSONBytes)).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := valid(q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	rows := q.Inputs[0].Data
	body, err := json.Marshal(oip.NewResponse(serving.Scores(rows, make([]float32, len(rows)/wire.DefaultDim))))
	if err != nil { // a sum is NaN or infinite, which JSON cannot express
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	respond(w, "application/json", body)
}

func valid(q oip.Request) error {
	if len(q.Inputs) != 1 {
		return fmt.Errorf("there are %d inputs, not 1", len(q.Inputs))
	}
	in := q.Inputs[0]
	if in.Datatype != oip.FP32 || len(in.Shape) != 2 || in.Shape[1] != wire.DefaultDim ||
		in.Shape[0] < 1 || in.Shape[0] > wire.DefaultMaxVectors || len(in.Data) != in.Shape[0]*in.Shape[1] {
		return fmt.Errorf("the input must be FP32 of shape [1 to %d, %d]", wire.DefaultMaxVectors, wire.DefaultDim)
	}
	return nil
}

// respond writes an answer. It ignores errors: the client has gone.
func respond(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
