// Package oip has the part of the Open Inference Protocol, version 2, over HTTP with JSON
// (open-inference-protocol, inference_rest.md), that the benchmark needs: one FP32 tensor in,
// one out.
package oip

// Path is the path of requests to the model sum.
const Path = "/v2/models/sum/infer"

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

// FP32 is the datatype of all tensors here.
const FP32 = "FP32"

// NewRequest returns a Request for the scores of rows with dim features each.
func NewRequest(rows []float32, dim int) Request {
	return Request{Inputs: []Tensor{{Name: "features", Shape: []int{len(rows) / dim, dim}, Datatype: FP32, Data: rows}}}
}

// NewResponse returns a Response with scores.
func NewResponse(scores []float32) Response {
	return Response{
		ModelName: "sum",
		Outputs:   []Tensor{{Name: "scores", Shape: []int{len(scores)}, Datatype: FP32, Data: scores}},
	}
}
