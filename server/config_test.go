//go:build linux

package server

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// TestConfigRefused: the sentence names the fields of the Config, and Text those of whoever
// reads it.
func TestConfigRefused(t *testing.T) {
	for want, tweak := range map[string]func(*Config){
		"there is no model: Model is nil":                          func(c *Config) { c.Model = nil },
		"Port 65536: a whole number from 0 to 65535 is allowed":    func(c *Config) { c.Port = 65536 },
		"IdleTimeout -1ns: a duration from 0s to 1000h0m0s":        func(c *Config) { c.IdleTimeout = -1 },
		"Wait 4: a whole number from 0 to 3 is allowed":            func(c *Config) { c.Wait = 4 },
		"RequestRing 3: a power of two from 1 to 16777216":         func(c *Config) { c.RequestRing = 3 },
		"RequestRing 4: a power of two from 8 to 16777216":         func(c *Config) { c.RequestRing, c.IOThreads = 4, 8 },
		"raise PoolBytes to 16776960":                              func(c *Config) { c.Dim, c.PoolBytes = 65_535, 16<<20-1024 },
		"Dim 65536: a whole number from 0 to 65535 is allowed":     func(c *Config) { c.Dim = 65_536 },
		"lower MaxVectors to 64":                                   func(c *Config) { c.Dim, c.MaxVectors = 65_535, 65 },
		"1000 scores per vector":                                   func(c *Config) { c.Model, c.MaxVectors = shaped{Outputs: 1000}, 5000 },
		"Dim 4: the model sum has dim 3":                           func(c *Config) { c.Model, c.Dim = shaped{Dim: 3, Outputs: 1}, 4 },
		`ModelName "\xff": UTF-8`:                                  func(c *Config) { c.ModelName = "\xff" },
		"MaxConns 1048576 with MaxVectors 32767 and Dim 128: the ": func(c *Config) { c.MaxConns, c.MaxVectors, c.PoolBytes = 1<<20, 32767, 64<<20 },
	} {
		c := DefaultConfig()
		tweak(&c)
		_, err := c.Budget()
		refused, ok := errors.AsType[*ConfigError](err)
		if !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
			continue
		}
		inFlags := refused.Text(func(field string, value any) (string, string) {
			return "--" + strings.ToLower(field), fmt.Sprint(value)
		})
		if field, _, _ := strings.Cut(err.Error(), " "); field != "there" && !strings.Contains(inFlags, "--"+strings.ToLower(field)+" ") {
			t.Errorf("%q says nothing of --%s", inFlags, strings.ToLower(field))
		}
	}
}

// TestShapeRefused: a model whose shape is not allowed is refused.
func TestShapeRefused(t *testing.T) {
	c := DefaultConfig()
	c.Model = shaped{}
	if _, err := c.Budget(); err == nil || !strings.Contains(err.Error(), "0 outputs: 1 to 65535 is allowed") {
		t.Error(err)
	}
}

// TestDimOfModel: the dim is the model's, unless the model takes any.
func TestDimOfModel(t *testing.T) {
	for _, test := range []struct{ dim, models, want int }{{0, 0, wire.DefaultDim}, {0, 7, 7}, {7, 7, 7}, {7, 0, 7}} {
		c := DefaultConfig()
		c.Dim, c.Model = test.dim, shaped{Dim: test.models, Outputs: 2}
		if err := c.check(t.Context()); err != nil || c.format() != (wire.Format{Dim: test.want, Outputs: 2, MaxVectors: wire.DefaultMaxVectors}) {
			t.Errorf("%+v: %+v, %v", test, c.format(), err)
		}
	}
}

// TestLargestModel: with the defaults the server serves 64 vectors per request of every model, also
// one of the most features and scores that a model may have. Its largest request is just below
// the largest frame.
func TestLargestModel(t *testing.T) {
	c := DefaultConfig()
	c.Model = shaped{Dim: wire.MaxDim, Outputs: wire.MaxOutputs}
	c.IOThreads, c.BatchThreads = 1, Inline
	b, err := c.Budget()
	if err != nil || c.MaxVectors != wire.DefaultMaxVectors || b.Conn == 0 {
		t.Errorf("%v, up to %d vectors", err, c.MaxVectors)
	}
}

// shaped is a model of this shape, whose scores are zeros.
type shaped batcher.Shape

func (s shaped) Shape() batcher.Shape                { return batcher.Shape(s) }
func (s shaped) NewScorer() batcher.Scorer           { return s }
func (shaped) Score([]float32, int, []float32) error { return nil }

// TestRemedies: whoever does what the sentences say has a Config that is accepted.
func TestRemedies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := DefaultConfig()
		c.MaxConns, c.IOThreads, c.BatchThreads = 1, 1, Inline
		c.Dim = rapid.IntRange(1, wire.MaxDim).Draw(t, "dim")
		c.MaxVectors = rapid.IntRange(1, math.MaxUint16).Draw(t, "vectors")
		for range 3 {
			_, err := c.Budget()
			if err == nil {
				return
			}
			if _, pool, ok := strings.Cut(err.Error(), "raise PoolBytes to "); ok {
				fmt.Sscan(pool, &c.PoolBytes)
			} else if _, vectors, ok := strings.Cut(err.Error(), "lower MaxVectors to "); ok {
				fmt.Sscan(vectors, &c.MaxVectors)
			} else {
				t.Fatal(err)
			}
		}
		t.Fatalf("still refused: %+v", c)
	})
}

// TestSmallDims: vectors of few features have answers that are nearly as large as they are. A
// connection still takes no more than its largest request and 64 KiB of answers.
func TestSmallDims(t *testing.T) {
	for dim := 1; dim <= wire.DefaultDim; dim++ {
		c := DefaultConfig()
		c.Dim, c.IOThreads, c.BatchThreads = dim, 1, Inline
		b, err := c.Budget()
		if err != nil {
			t.Fatal(err)
		}
		request := blocks.RoundUp(c.format().RequestBytes(c.MaxVectors))
		if most := uint64(request + 64<<10); b.Conn > most {
			t.Errorf("dim %d: %d bytes per connection, want at most %d", dim, b.Conn, most)
		}
	}
}

// TestBudgetNamesFields: what the plan says of a part of the memory is set by fields of the
// Config.
func TestBudgetNamesFields(t *testing.T) {
	c := DefaultConfig()
	c.IOThreads, c.BatchThreads = 1, Dedicated
	b, err := c.Budget()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range b.Parts {
		for _, field := range part.Fields {
			if _, known := reflect.TypeFor[Config]().FieldByName(field); !known {
				t.Errorf("%s: there is no field %s", part.Name, field)
			}
		}
	}
}
