package oip

import (
	"context"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// TestGRPCTold: what a client learns without asking for scores.
func TestGRPCTold(t *testing.T) {
	b := start(t, twice{2})
	c, ctx := b.dial(t), t.Context()
	live, err := c.ServerLive(ctx, &inferencepb.ServerLiveRequest{})
	if err != nil || !live.Live {
		t.Error(live, err)
	}
	ready, err := c.ServerReady(ctx, &inferencepb.ServerReadyRequest{})
	if err != nil || !ready.Ready {
		t.Error(ready, err)
	}
	about, err := c.ServerMetadata(ctx, &inferencepb.ServerMetadataRequest{})
	if err != nil || about.Name != "disrust" || about.Version == "" || len(about.Extensions) != 0 {
		t.Error(about, err)
	}
	for _, version := range []string{"", "1"} {
		ready, err := c.ModelReady(ctx, &inferencepb.ModelReadyRequest{Name: testName, Version: version})
		if err != nil || !ready.Ready {
			t.Error(ready, err)
		}
		about, err := c.ModelMetadata(ctx, &inferencepb.ModelMetadataRequest{Name: testName, Version: version})
		tensor := func(name string, columns int64) []*inferencepb.ModelMetadataResponse_TensorMetadata {
			return []*inferencepb.ModelMetadataResponse_TensorMetadata{{Name: name, Datatype: "FP32", Shape: []int64{-1, columns}}}
		}
		if want := (&inferencepb.ModelMetadataResponse{
			Name: testName, Versions: []string{"1"}, Platform: "disrust", Inputs: tensor("features", 3), Outputs: tensor("scores", 2),
		}); err != nil || !proto.Equal(about, want) {
			t.Error(about, err)
		}
	}
	for _, wrong := range []struct{ name, version string }{{"b", ""}, {testName, "2"}, {"", ""}} {
		_, err := c.ModelReady(ctx, &inferencepb.ModelReadyRequest{Name: wrong.name, Version: wrong.version})
		_, other := c.ModelMetadata(ctx, &inferencepb.ModelMetadataRequest{Name: wrong.name, Version: wrong.version})
		if status.Code(err) != codes.NotFound || status.Code(other) != codes.NotFound {
			t.Error(wrong, err, other)
		}
	}
	h := grpc_health_v1.NewHealthClient(b.connect(t))
	for _, service := range []string{"", "inference.GRPCInferenceService"} {
		if got, err := h.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: service}); err != nil || got.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Error(got, err)
		}
	}
	if _, err := h.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "x"}); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
}

func floatsLE(f ...float32) (b []byte) {
	for _, v := range f {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// typed returns a request with contents, and raw one with raw contents. change may change it.
func typed(rows int, f []float32, change ...func(*inferencepb.ModelInferRequest)) *inferencepb.ModelInferRequest {
	q := &inferencepb.ModelInferRequest{ModelName: testName, Inputs: []*inferencepb.ModelInferRequest_InferInputTensor{{
		Name: "features", Datatype: "FP32", Shape: []int64{int64(rows), testDim}, Contents: &inferencepb.InferTensorContents{Fp32Contents: f},
	}}}
	for _, c := range change {
		c(q)
	}
	return q
}

func raw(rows int, f []float32, change ...func(*inferencepb.ModelInferRequest)) *inferencepb.ModelInferRequest {
	q := typed(rows, nil)
	q.Inputs[0].Contents, q.RawInputContents = nil, [][]byte{floatsLE(f...)}
	for _, c := range change {
		c(q)
	}
	return q
}

type inferRequest = inferencepb.ModelInferRequest

// TestGRPCInfer: good and bad requests.
func TestGRPCInfer(t *testing.T) {
	b := start(t, twice{2})
	c, ctx := b.dial(t), t.Context()
	output := func(names ...string) func(*inferRequest) {
		return func(q *inferRequest) {
			for _, name := range names {
				q.Outputs = append(q.Outputs, &inferencepb.ModelInferRequest_InferRequestedOutputTensor{Name: name})
			}
		}
	}
	parameter := map[string]*inferencepb.InferParameter{"classification": {ParameterChoice: &inferencepb.InferParameter_Int64Param{Int64Param: 2}}}
	row := []float32{1, 2, 3}
	tests := []struct {
		name string
		q    *inferRequest
		code codes.Code
		says string
	}{
		{"typed", typed(1, row), codes.OK, ""},
		{"raw", raw(1, row), codes.OK, ""},
		{"an id, a version and an output", raw(1, row, output("scores"), func(q *inferRequest) { q.Id, q.ModelVersion = "é", "1" }), codes.OK, ""},
		{"another parameter", raw(1, row, func(q *inferRequest) {
			q.Parameters = map[string]*inferencepb.InferParameter{"priority": {ParameterChoice: &inferencepb.InferParameter_Int64Param{Int64Param: 2}}}
		}), codes.OK, ""},
		{"another model", raw(1, row, func(q *inferRequest) { q.ModelName = "b" }), codes.NotFound, `there is no model "b"`},
		{"another version", raw(1, row, func(q *inferRequest) { q.ModelVersion = "2" }), codes.NotFound, `no version "2"`},
		{"nothing", &inferRequest{ModelName: testName}, codes.InvalidArgument, "0 inputs"},
		{"two inputs", raw(1, row, func(q *inferRequest) { q.Inputs = append(q.Inputs, q.Inputs[0]) }), codes.InvalidArgument, "2 inputs"},
		{"another input", raw(1, row, func(q *inferRequest) { q.Inputs[0].Name = "x" }), codes.InvalidArgument, `there is no input "x"`},
		{"another datatype", raw(1, row, func(q *inferRequest) { q.Inputs[0].Datatype = "INT64" }), codes.InvalidArgument, `datatype "INT64"`},
		{"another shape", raw(1, row, func(q *inferRequest) { q.Inputs[0].Shape = []int64{3} }), codes.InvalidArgument, "shape [3]"},
		{"a long shape", raw(1, row, func(q *inferRequest) { q.Inputs[0].Shape = make([]int64, 9) }), codes.InvalidArgument, "more than 8"},
		{"too many rows", raw(1<<30, row), codes.ResourceExhausted, "may have 65536"},
		{"no data", typed(1, nil), codes.InvalidArgument, "0 elements"},
		{"too few elements", typed(2, row), codes.InvalidArgument, "3 elements, and its shape [2, 3] says 6"},
		{"too few bytes", raw(2, row), codes.InvalidArgument, "12 bytes, and its shape [2, 3] and datatype FP32 say 24"},
		{"both", typed(1, row, func(q *inferRequest) { q.RawInputContents = [][]byte{{}} }), codes.InvalidArgument, "one of them is allowed"},
		{"two raw ones", raw(1, row, func(q *inferRequest) { q.RawInputContents = append(q.RawInputContents, nil) }), codes.InvalidArgument, "2 raw_input_contents"},
		{"another output", raw(1, row, output("x")), codes.InvalidArgument, `there is no output "x"`},
		{"two outputs", raw(1, row, output("scores", "scores")), codes.InvalidArgument, "2 outputs"},
		{"classes", raw(1, row, output("scores"), func(q *inferRequest) { q.Outputs[0].Parameters = parameter }), codes.InvalidArgument, `"classification" is of an extension`},
		{"a parameter of all", raw(1, row, func(q *inferRequest) { q.Parameters = parameter }), codes.InvalidArgument, `"classification"`},
		{"a parameter of the input", raw(1, row, func(q *inferRequest) { q.Inputs[0].Parameters = parameter }), codes.InvalidArgument, `"classification"`},
		{"too large", raw(1, make([]float32, MaxRequestBytes/4)), codes.ResourceExhausted, "larger than max"},
	}
	var failures uint64
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := c.ModelInfer(ctx, test.q)
			if status.Code(err) != test.code || !strings.Contains(status.Convert(err).Message(), test.says) {
				t.Errorf("%v; want %v and %s", err, test.code, test.says)
			}
			if test.code != codes.OK {
				failures++
				return
			}
			if want := (&inferencepb.ModelInferResponse{
				ModelName: testName, ModelVersion: "1", Id: test.q.Id, RawOutputContents: [][]byte{floatsLE(6, 12)},
				Outputs: []*inferencepb.ModelInferResponse_InferOutputTensor{{Name: "scores", Datatype: "FP32", Shape: []int64{1, 2}}},
			}); !proto.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
	if got := b.Server.grpc.failures.Load(); got != failures || b.Server.grpc.requests.Load() != uint64(len(tests)) {
		t.Errorf("counted %d failures of %d, want %d of %d", got, b.Server.grpc.requests.Load(), failures, len(tests))
	}
}

// TestGRPCCompressed: a client may compress, and a message may not grow too large.
func TestGRPCCompressed(t *testing.T) {
	b := start(t, twice{2})
	c := b.dial(t, grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
	got, err := c.ModelInfer(t.Context(), raw(1, []float32{1, 2, 3}))
	if err != nil || string(got.RawOutputContents[0]) != sixTwelve {
		t.Error(got, err)
	}
	if _, err := c.ModelInfer(t.Context(), raw(1, make([]float32, MaxRequestBytes/4))); status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
}

// TestGRPCNoMessage: bytes that are no message, and a call without one.
func TestGRPCNoMessage(t *testing.T) {
	b := start(t, twice{2})
	c := b.connect(t)
	method := inferencepb.GRPCInferenceService_ModelInfer_FullMethodName
	for _, text := range []string{"\xff", "\x0a\xff", "\x2a\x02\x1a\xff", "\x1a\x01\xff", "\x2a\x05\x2a\x03\x32\x01\x00"} {
		err := c.Invoke(t.Context(), method, []byte(text), new([]byte), grpc.ForceCodecV2(bytesCodec{}))
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%q: %v", text, err)
		}
	}
	stream, err := c.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, method)
	rawtest.Check(t, err)
	rawtest.Check(t, stream.CloseSend())
	if err := stream.RecvMsg(&inferencepb.ModelInferResponse{}); err == nil {
		t.Error("an answer to nothing")
	}
	if err := c.Invoke(context.Background(), "/inference.GRPCInferenceService/RepositoryIndex", &inferencepb.ServerLiveRequest{}, &inferencepb.ServerLiveResponse{}); status.Code(err) != codes.Unimplemented {
		t.Error(err)
	}
}
