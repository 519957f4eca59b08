//go:build linux

package main

import (
	"errors"
	"math"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/wire"
)

// scorer follows the rule of conformance.Scores. It fails for a row that begins with
// infinity.
type scorer struct {
	shape  batcher.Shape
	panics bool
}

func (s scorer) Shape() batcher.Shape      { return s.shape }
func (s scorer) NewScorer() batcher.Scorer { return s }

var errPoison = errors.New("a row begins with infinity")

func (s scorer) Score(rows []float32, dim int, out []float32) error {
	for k := range len(rows) / dim {
		row := rows[k*dim : (k+1)*dim]
		if math.IsInf(float64(row[0]), 1) {
			if s.panics {
				panic(errPoison)
			}
			return errPoison
		}
		conformance.Scores(out[k*s.shape.Outputs:(k+1)*s.shape.Outputs], row)
	}
	return nil
}

// TestConformance: the server passes every check, with models of several shapes, on each
// backend and in every placement.
func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name string
		scorer
		welcome wire.Welcome
		code    uint32
	}{
		{"error", scorer{batcher.Shape{Dim: 7, Outputs: 3, Kind: wire.Prob}, false},
			wire.Welcome{Format: wire.Format{Dim: 7, Outputs: 3, MaxVectors: 20}, Kind: wire.Prob, Model: "modèle", Identity: wire.Identity{1, 31: 2}}, wire.ModelError},
		{"panic", scorer{batcher.Shape{Outputs: 1}, true},
			wire.Welcome{Format: wire.Format{Dim: 128, Outputs: 1, MaxVectors: 64}}, wire.ModelPanic},
	} {
		t.Run(c.name, func(t *testing.T) {
			format := c.welcome.Format
			tweak := func(cfg *server.Config) {
				cfg.Model, cfg.ModelName, cfg.Identity, cfg.MaxVectors = c.scorer, c.welcome.Model, c.welcome.Identity, format.MaxVectors
				cfg.PoolBytes = 3 * format.MaxVectors * format.RowBytes() // of three of the largest requests
			}
			rawtest.EachPlacement(t, tweak, func(t *testing.T, s *rawtest.Server) {
				poison := make([]float32, format.Dim)
				poison[0] = float32(math.Inf(1))
				checkServer(t, conformance.Subject{Addr: s.Addr, Welcome: c.welcome, Poison: poison, PoisonCode: c.code})
			})
		})
	}
}

// TestDaemonConformance: the daemon passes every check that needs no failing model, over TCP
// and over a Unix socket.
func TestDaemonConformance(t *testing.T) {
	d := daemontest.Start(t, append([]string{daemon, "--listen", "127.0.0.1:0", "--listen", "unix:" + t.TempDir() + "/s"}, rawtest.TinyFlags()...)...)
	for _, addr := range d.Addrs {
		checkServer(t, conformance.Subject{Addr: addr, Welcome: wire.Welcome{Format: wire.Default, Kind: wire.Raw, Model: "sum"}})
	}
}

func checkServer(t *testing.T, s conformance.Subject) {
	t.Helper()
	for _, f := range conformance.CheckServer(s) {
		if f.Err != nil {
			t.Errorf("%s: %s (%s): %v", s.Addr, f.Name, f.Says, f.Err)
		}
	}
}
