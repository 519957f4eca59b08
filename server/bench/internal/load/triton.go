package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/oip"
	"github.com/disrust/disrust/wire"
)

// headerLength says where the JSON of a body ends and the packed tensor begins.
const headerLength = "Inference-Header-Content-Length"

// TritonBinary drives Triton over HTTP in the form that costs it least: a request and an answer are
// a little JSON and a packed tensor (the extension of binary data of the Open Inference Protocol).
func TritonBinary(ctx context.Context, c Config) (sample.Total, error) {
	head, err := tritonHead(c.Vectors)
	if err != nil {
		return sample.Total{}, err
	}
	encode := func(rows []float32) ([]byte, error) {
		packed, err := pack(rows)
		return slices.Concat(head, packed), err
	}
	return overHTTP(ctx, c, form{
		path: oip.Path(modelName), kind: "application/octet-stream",
		header: map[string]string{headerLength: strconv.Itoa(len(head))},
		encode: encode, decode: decodeTriton,
	})
}

// tritonHead returns the JSON of a request, which is the same for all requests of one size.
func tritonHead(vectors int) ([]byte, error) {
	type object map[string]any
	return json.Marshal(object{
		"inputs": []object{{
			"name": "rows", "datatype": oip.FP32, "shape": []int{vectors, wire.DefaultDim},
			"parameters": object{"binary_data_size": vectors * wire.Default.RowBytes()},
		}},
		"outputs": []object{{"name": "scores", "parameters": object{"binary_data": true}}},
	})
}

func decodeTriton(dst []float32, header http.Header, body []byte) ([]float32, error) {
	length, err := strconv.Atoi(header.Get(headerLength))
	if err != nil {
		return nil, fmt.Errorf("its header %s: %w", headerLength, err)
	}
	if length < 0 || length > len(body) {
		return nil, errors.New("its JSON is longer than its body")
	}
	return decodeBinary(dst, header, body[length:])
}
