// Package oip has the part of the Open Inference Protocol, version 2, over HTTP with JSON
// (open-inference-protocol, inference_rest.md), that the benchmark needs: one FP32 tensor in,
// one out.
package oip

// Path returns the path of requests to a model.
func Path(model string) string { return "/v2/models/" + model + "/infer" }

// Sum is the name of the model sum.
const Sum = "sum"

// Request is an inference request.
type Request struct {
	Inputs []Tensor `json:"inputs"`
}

// Response is the answer to a Request.
type Response struct {
	ModelName string   `json:"model_name"`
	Outputs   []Tensor `json:"outputs"`
}

// Tensor is a named tensor, flattened row after row.
type Tensor struct {
	Name     string    `json:"name"`
	Shape    []int     `json:"shape"`
	Datatype string    `json:"datatype"`
	Data     []float32 `json:"data"`
}

// Datatypes of tensors: FP32 here, and FP64 in answers of servers whose model has it.
const (
	FP32 = "FP32"
	FP64 = "FP64"
)

// NewRequest returns a Request for the scores of rows with dim features each.
func NewRequest(rows []float32, dim int) Request {
	return Request{Inputs: []Tensor{{Name: "features", Shape: []int{len(rows) / dim, dim}, Datatype: FP32, Data: rows}}}
}

// NewResponse returns a Response with scores.
func NewResponse(scores []float32) Response {
	return Response{
		ModelName: Sum,
		Outputs:   []Tensor{{Name: "scores", Shape: []int{len(scores)}, Datatype: FP32, Data: scores}},
	}
}
