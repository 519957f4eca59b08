//go:build linux

package server

import (
	"fmt"
	"strings"

	"github.com/disrust/disrust/batcher"
)

// String says in one line what the server serves, where and how.
func (s *Server) String() string {
	cfg, chosen := s.config(), ""
	if cfg.BatchThreads == Auto {
		chosen = " (auto)"
	}
	if s.placement == Inline && enoughRows(cfg.cost, cfg.Dim) > 1 {
		chosen += ", small requests gathered"
	}
	threads := "1 I/O thread"
	if cfg.IOThreads > 1 {
		threads = fmt.Sprintf("%d I/O threads", cfg.IOThreads)
	}
	b := cfg.budget(s.placement, s.io.IO)
	return fmt.Sprintf("%s: %s, %s, batches %s%s, %s, up to %d vectors per request, memory %s and %s per connection, %s at most",
		s.listeners, threads, s.io, s.placement, chosen, cfg.describeModel(), cfg.MaxVectors, size(b.Start()), size(b.Conn), size(b.Total()))
}

// describeModel says what the model is, its shape, and what it takes for a row. A model that is a
// fmt.Stringer says itself what it is.
func (c *Config) describeModel() string {
	var is []string
	if m, says := c.Model.(fmt.Stringer); says {
		is = append(is, m.String())
	}
	if m, sized := c.Model.(batcher.Sized); sized {
		is = append(is, size(uint64(m.Bytes())))
	}
	name := c.ModelName
	if len(is) > 0 {
		name += " (" + strings.Join(is, "; ") + ")"
	}
	shape := c.shape
	shape.Dim = c.Dim
	text := fmt.Sprintf("model %s, %s", name, describe(shape))
	if k := c.cost; k.Rows > 0 {
		text += ", " + k.String()
		if m, says := c.Model.(batcher.Explained); says && m.Kernel() != "" {
			text += " (" + m.Kernel() + ")"
		}
	}
	return text
}

// describe says what a shape is.
func describe(s batcher.Shape) string {
	dim := fmt.Sprint("dim ", s.Dim)
	if s.Dim == 0 {
		dim = "any dim"
	}
	outputs := "1 output"
	if s.Outputs > 1 {
		outputs = fmt.Sprintf("%d outputs", s.Outputs)
	}
	return fmt.Sprintf("%s, %s (%v)", dim, outputs, s.Kind)
}
