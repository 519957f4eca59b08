//go:build linux

package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/wire"
)

// largest scores a vector by its largest feature.
type largest struct{}

func (largest) Shape() batcher.Shape        { return batcher.Shape{Outputs: 1} } // of any dim
func (m largest) NewScorer() batcher.Scorer { return m }                         // needs no scratch memory

func (largest) Score(rows []float32, dim int, out []float32) error {
	for i := range out {
		out[i] = rows[i*dim]
		for _, v := range rows[i*dim : (i+1)*dim] {
			out[i] = max(out[i], v)
		}
	}
	return nil
}

// Serve a model of your own, and ask it for scores.
func Example() {
	cfg := server.DefaultConfig()
	cfg.Port, cfg.Dim = 0, 3 // any free port, vectors of three features
	cfg.ModelName, cfg.Model = "largest", largest{}
	s, err := server.Start(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Shutdown(context.Background())

	fmt.Println(ask(s.Addr().String(), 2, []float32{1, 9, 4, 7, 0, 2}))
	// Output: [9 7] <nil>
}

// ask sends one request and reads its response. In your program use the client module.
func ask(addr string, vectors int, rows []float32) ([]float32, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(wire.AppendRequest(nil, vectors, rows)); err != nil {
		return nil, err
	}
	format := wire.Format{Dim: len(rows) / vectors, Outputs: 1, MaxVectors: vectors}
	response := make([]byte, format.ResponseBytes(vectors))
	if _, err := io.ReadFull(conn, response); err != nil {
		return nil, err
	}
	scores := make([]float32, vectors)
	wire.CopyScores(scores, response[wire.HeaderBytes:])
	return scores, nil
}

// ExampleRun shows a whole program that serves its own model until it is interrupted.
func ExampleRun() {
	ctx, stop := context.WithCancel(context.Background()) // a program uses signal.NotifyContext
	cfg := server.DefaultConfig()
	cfg.Port = 0
	cfg.ModelName, cfg.Model = "largest", largest{}
	stop()
	fmt.Println(server.Run(ctx, cfg))
	// Output: <nil>
}

// A Server that Start has returned says where it serves and what it has done.
func ExampleServer() {
	cfg := server.DefaultConfig()
	cfg.Listen, cfg.Dim = []string{"127.0.0.1:0"}, 3
	cfg.ModelName, cfg.Model = "largest", largest{}
	s, err := server.Start(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ask(s.Addr().String(), 1, []float32{1, 9, 4}))
	fmt.Println(s.Shutdown(context.Background()))
	fmt.Println(s.Metrics().Answers, "answer")
	// Output:
	// [9] <nil>
	// <nil>
	// 1 answer
}

// A Config says how much memory it takes before a server starts.
func ExampleConfig_Budget() {
	cfg := server.DefaultConfig()
	cfg.IOThreads, cfg.MaxConns = 1, 1000
	budget, err := cfg.Budget()
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := budget.Parts[0]
	fmt.Println(rows.Name, rows.Count*rows.Each>>20, "MiB")
	fmt.Println(budget.Total() == budget.Start()+1000*budget.Conn)
	// Output:
	// vectors in flight 16 MiB
	// true
}

// A ConfigError names the field and what it may be. Other errors are those of the environment,
// such as a port that is taken.
func ExampleConfigError() {
	cfg := server.DefaultConfig()
	cfg.MaxConns = -1
	_, err := server.Start(context.Background(), cfg)
	var wrong *server.ConfigError
	fmt.Println(errors.As(err, &wrong))
	fmt.Println(err)
	// Output:
	// true
	// MaxConns -1: a whole number from 1 to 1048576 is allowed
}
