//go:build linux

package server

import "fmt"

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
	outputs := "1 output"
	if n := s.cfg.shape.Outputs; n > 1 {
		outputs = fmt.Sprintf("%d outputs", n)
	}
	b := s.cfg.budget(s.placement, s.io.IO)
	return fmt.Sprintf("%s: %s, %s, batches %s%s, model %s, dim %d, %s (%v), up to %d vectors per request, memory %s and %s per connection, %s at most",
		s.listeners, threads, s.io, s.placement, chosen, s.cfg.ModelName, s.cfg.Dim, outputs, s.cfg.shape.Kind, s.cfg.MaxVectors, size(b.Start()), size(b.Conn), size(b.Total()))
}
