//go:build linux

package server

import (
	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// Served is the model that a server serves at one moment.
type Served struct {
	Model    batcher.Model
	Name     string
	Identity wire.Identity // zero: built in
	Format   wire.Format   // Dim is what rows have, also if the model takes any

	// Generation grows with each Reload that changes the model. Two calls that return the same one
	// return the same model.
	Generation uint32
}

// Served returns the model that is served now, for a program that scores with it besides the server.
// Any goroutine may call it. It allocates nothing, and costs the threads nothing.
//
// Ownership: the server holds a model that is not served any more for nobody. The caller holds it for
// as long as it scores with it.
func (s *Server) Served() Served {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Served{Model: s.cfg.Model, Name: s.cfg.ModelName, Identity: s.cfg.Identity, Format: s.cfg.format(), Generation: s.replaced}
}
