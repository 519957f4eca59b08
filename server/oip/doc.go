// Package oip serves the model of a server by the Open Inference Protocol, version 2, over HTTP and over
// gRPC. It is for tools that speak that protocol. A program that wants the lowest latency speaks the
// server's own.
//
//	GET  /v2                              name, version and extensions of the server
//	GET  /v2/health/live                  200
//	GET  /v2/health/ready                 200 while the server is ready, else 503
//	GET  /v2/models/M                     names, datatypes and shapes of the tensors
//	GET  /v2/models/M/ready               200 while the model can be used, else 503
//	POST /v2/models/M/infer               scores rows
//	     /v2/models/M/versions/V/...      the same, if V is the version that is served
//
// gRPC has the service inference.GRPCInferenceService with the same, and grpc.health.v1.Health.
//
// # Contract
//
//   - There is one model, one input and one output: features, FP32 of the shape [rows, dim], and scores, FP32
//     of the shape [rows, outputs]. The scores have the bits that the server's own port gives.
//   - The version of a model is the beginning of its identity, which the server's own port names too, or 1
//     if the model is built in. Each answer has the version of the model that gave it.
//   - A request is scored by the model that the server serves when the request has been read. No answer
//     comes from two.
//   - Rows are scored on goroutines that are not the server's threads, and at most half of the CPUs score
//     at once. A request of more rows than the server's MaxVectors is scored in parts, and between two of them
//     ends if its client has left.
//   - No client makes the process grow past bounds: of connections, of bytes per request and of requests that
//     are read at once. A client that is slow loses its connection.
//   - A model that fails or panics fails the request alone. The process lives.
//   - The two ports share nothing with an admin port.
package oip
