package load

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/scorepb"
)

// GRPCUnary drives a gRPC server with unary calls. Each connection has as many goroutines as
// its window, and each goroutine has one call in flight.
func GRPCUnary(ctx context.Context, c Config) (sample.Total, error) {
	return overGRPC(ctx, c, plan{workers: c.Window, depth: 1}, func(ctx context.Context, client scorepb.ScorerClient) (talk, error) {
		return &calls{ctx: ctx, client: client}, nil
	})
}

// GRPCStream drives a gRPC server with one stream per connection, which keeps the window in
// flight.
func GRPCStream(ctx context.Context, c Config) (sample.Total, error) {
	return overGRPC(ctx, c, plan{workers: 1, depth: c.Window}, func(ctx context.Context, client scorepb.ScorerClient) (talk, error) {
		s, err := client.ScoreStream(ctx)
		if err != nil {
			return nil, fmt.Errorf("no stream: %w", err)
		}
		return &stream{stream: s}, nil
	})
}

// overGRPC opens connections, runs the plan over them, and closes them.
func overGRPC(ctx context.Context, c Config, p plan, open func(context.Context, scorepb.ScorerClient) (talk, error)) (sample.Total, error) {
	clients := make([]scorepb.ScorerClient, c.Conns)
	for i := range clients {
		conn, err := grpc.NewClient("passthrough:///"+c.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return sample.Total{}, err
		}
		defer conn.Close()
		clients[i] = scorepb.NewScorerClient(conn)
	}
	var err error
	if p.questions, err = c.questions(nil); err != nil {
		return sample.Total{}, err
	}
	p.open = func(ctx context.Context, conn int) (talk, error) { return open(ctx, clients[conn]) }
	return p.run(ctx, c)
}

// calls is a worker that makes unary calls. It makes each call when it awaits the answer: its
// depth is one.
type calls struct {
	ctx     context.Context
	client  scorepb.ScorerClient
	request scorepb.ScoreRequest
}

func (t *calls) ask(q *question) error {
	t.request.Features = q.rows
	return nil
}

func (t *calls) answer(q *question) error {
	r, err := t.client.Score(t.ctx, &t.request)
	if err != nil {
		return fmt.Errorf("not answered: %w", err)
	}
	return q.verify(r.Scores)
}

// stream is a worker with a stream.
type stream struct {
	stream  scorepb.Scorer_ScoreStreamClient
	request scorepb.ScoreRequest // reused: Send has encoded it when it returns
}

func (t *stream) ask(q *question) error {
	t.request.Features = q.rows
	err := t.stream.Send(&t.request)
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) { // the stream has ended: after the last answer, Recv returns the cause
		for err = nil; err == nil; {
			_, err = t.stream.Recv()
		}
	}
	return fmt.Errorf("not sent: %w", err)
}

func (t *stream) answer(q *question) error {
	r, err := t.stream.Recv()
	if err != nil {
		return fmt.Errorf("not answered: %w", err)
	}
	return q.verify(r.Scores)
}
