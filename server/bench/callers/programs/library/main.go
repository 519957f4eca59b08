// Command library runs a closed loop of callers that use the Go client library:
//
//	library PORT CALLERS SECONDS PAUSE_US
//
// Each caller has its own client and goroutine.
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/bench/callers/internal/closedloop"
)

func main() {
	if err := closedloop.Run(os.Stdout, os.Args[1:], dial); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func dial(port string) (closedloop.Ask, error) {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Config{
		Addrs: []string{net.JoinHostPort("127.0.0.1", port)}, Dim: closedloop.Dim,
		Version: 1, // as the other servers do
	})
	if err != nil {
		return nil, err
	}
	var rows [closedloop.Rows][closedloop.Dim]float32
	var sums [closedloop.Rows]float32
	for r := range rows {
		rows[r], sums[r] = closedloop.Row(r)
	}
	score := make([]float32, 1)
	return func(r int) error {
		if err := c.Score(ctx, score, rows[r][:]); err != nil {
			return err
		}
		if score[0] != sums[r] {
			return fmt.Errorf("a wrong answer: %v, not %v", score[0], sums[r])
		}
		return nil
	}, nil
}
