//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestClientOutlivesAges: the server ends each connection of a client again and again because of its
// age. Callers notice nothing: no call fails, and each has its own scores.
func TestClientOutlivesAges(t *testing.T) {
	const conns, ages = 2, 2
	young := func(cfg *server.Config) { cfg.MaxConnAge = time.Second }
	rawtest.EachPlacement(t, young, func(t *testing.T, s *rawtest.Server) {
		c, err := client.Dial(t.Context(), client.Config{Addrs: []string{s.Addr}, Conns: conns})
		rawtest.Check(t, err)
		rawtest.Check(t, rawtest.Each(4, func(caller int) error {
			return scoreWhile(c, caller, func() bool { return s.Metrics().OldConns < conns*ages })
		}))
		rawtest.Check(t, c.Close())
	})
}

// scoreWhile makes calls of a few rows and checks their scores.
func scoreWhile(c *client.Client, caller int, more func() bool) error {
	for call := 0; more(); call++ {
		rows := make([]float32, 128*(1+call%7))
		scores := make([]float32, len(rows)/128)
		for i := range scores {
			rows[128*i] = float32(caller<<20 + call*8 + i)
		}
		if err := c.Score(context.Background(), scores, rows); err != nil {
			return fmt.Errorf("call %d: %w", call, err)
		}
		for i, score := range scores {
			if math.Float32bits(score) != math.Float32bits(rows[128*i]) {
				return fmt.Errorf("call %d: row %d has the score %v, want %v", call, i, score, rows[128*i])
			}
		}
	}
	return nil
}

// scoreUntil has a client of its own call until stop is closed.
func scoreUntil(stop <-chan struct{}, addr string) error {
	c, err := client.Dial(context.Background(), client.Config{Addrs: []string{addr}})
	if err != nil {
		return err
	}
	err = scoreWhile(c, 1, func() bool {
		select {
		case <-stop:
			return false
		default:
			return true
		}
	})
	return errors.Join(err, c.Close())
}
