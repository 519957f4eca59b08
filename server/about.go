//go:build linux

package server

import (
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// About says for programs what a server is made of and what it serves; [Server.String] says it for people.
type About struct {
	Started time.Time

	IO      IO     // IOUring or IOEpoll
	IOCause string // why IOAuto fell back to epoll; empty otherwise

	IOThreads    int
	BatchThreads BatchThreads // Inline or Dedicated
	Wait         Wait
	Pin          bool

	Model     batcher.Model
	ModelName string
	Identity  wire.Identity // zero: built in
	Format    wire.Format   // what a request and its answer hold
	Kind      wire.Kind     // what the scores mean

	MostBytes uint64 // the most memory that the server takes, with MaxConns connections
}

// About returns what the server is made of and what it serves now. Any goroutine may call it. It costs
// the threads nothing.
func (s *Server) About() About {
	cfg := s.config() // a reload changes it
	welcome := cfg.welcome()
	return About{
		Started: s.started,
		IO:      s.io.IO, IOCause: s.io.cause,
		IOThreads: cfg.IOThreads, BatchThreads: s.placement, Wait: cfg.Wait, Pin: cfg.Pin,
		Model: cfg.Model, ModelName: welcome.Model, Identity: welcome.Identity, Format: welcome.Format, Kind: welcome.Kind,
		MostBytes: cfg.budget(s.placement, s.io.IO).Total(),
	}
}
