// Command grpc scores over gRPC with grpc-go, in unary calls and streams: packed floats in
// protocol buffers, generated code, and the server's defaults, which grpc-go's guide to
// performance does not change for small messages.
package main

import (
	"context"
	"errors"
	"io"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/disrust/disrust/server/bench/internal/scorepb"
	"github.com/disrust/disrust/server/bench/internal/serving"
	"github.com/disrust/disrust/wire"
)

func main() {
	s := grpc.NewServer()
	scorepb.RegisterScorerServer(s, scorer{})
	log.Fatal(s.Serve(serving.Listen()))
}

type scorer struct {
	scorepb.UnimplementedScorerServer
}

// Score implements scorepb.ScorerServer.
func (scorer) Score(_ context.Context, q *scorepb.ScoreRequest) (*scorepb.ScoreResponse, error) {
	r := &scorepb.ScoreResponse{}
	return r, score(q, r)
}

// ScoreStream implements scorepb.ScorerServer. It reuses one response, which Send has encoded
// when it returns.
func (scorer) ScoreStream(stream scorepb.Scorer_ScoreStreamServer) error {
	var r scorepb.ScoreResponse
	for {
		q, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := score(q, &r); err != nil {
			return err
		}
		if err := stream.Send(&r); err != nil {
			return err
		}
	}
}

func score(q *scorepb.ScoreRequest, r *scorepb.ScoreResponse) error {
	count := len(q.Features) / wire.DefaultDim
	if count < 1 || count > wire.DefaultMaxVectors || len(q.Features)%wire.DefaultDim != 0 {
		return status.Errorf(codes.InvalidArgument, "%d features are not 1 to %d rows of %d",
			len(q.Features), wire.DefaultMaxVectors, wire.DefaultDim)
	}
	if cap(r.Scores) < count {
		r.Scores = make([]float32, count)
	}
	r.Scores = serving.Scores(q.Features, r.Scores[:count])
	return nil
}
