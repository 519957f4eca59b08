//go:build linux

package server

import (
	"fmt"
	"strings"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// String says in one line what the server serves, where and how.
func (s *Server) String() string {
	chosen := ""
	if s.cfg.BatchThreads == Auto {
		chosen = " (auto)"
	}
	threads := "1 I/O thread"
	if s.cfg.IOThreads > 1 {
		threads = fmt.Sprintf("%d I/O threads", s.cfg.IOThreads)
	}
	b := s.cfg.budget(s.placement, s.io.IO)
	return fmt.Sprintf("%s: %s, %s, batches %s%s, %s, up to %d vectors per request, memory %s and %s per connection, %s at most",
		s.listeners, threads, s.io, s.placement, chosen, s.cfg.describeModel(), s.cfg.MaxVectors, size(b.Start()), size(b.Conn), size(b.Total()))
}

// describeModel says what the model is, its shape, and what it takes for a row. A model that is a
// fmt.Stringer says itself what it is.
func (c *Config) describeModel() string {
	var is []string
	if m, says := c.Model.(fmt.Stringer); says {
		is = append(is, m.String())
	}
	if c.Identity != (wire.Identity{}) {
		is = append(is, fmt.Sprintf("SHA-256 %x", c.Identity[:6]))
	}
	if m, sized := c.Model.(batcher.Sized); sized {
		is = append(is, size(uint64(m.Bytes())))
	}
	name := c.ModelName
	if len(is) > 0 {
		name += " (" + strings.Join(is, "; ") + ")"
	}
	outputs := "1 output"
	if n := c.shape.Outputs; n > 1 {
		outputs = fmt.Sprintf("%d outputs", n)
	}
	text := fmt.Sprintf("model %s, dim %d, %s (%v)", name, c.Dim, outputs, c.shape.Kind)
	if k := c.cost; k.Rows > 0 {
		text += fmt.Sprintf(", %s us a row alone and %s of %d", micros(k.Single.Median), micros(k.Batched.Median), k.Rows)
	}
	return text
}

// micros writes d in microseconds, in two digits or more.
func micros(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	switch {
	case us < 1:
		return fmt.Sprintf("%.2f", us)
	case us < 10:
		return fmt.Sprintf("%.1f", us)
	}
	return fmt.Sprintf("%.0f", us)
}
