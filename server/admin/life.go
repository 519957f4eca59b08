//go:build linux

package admin

import (
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/wire"
)

// Life is the Source of a program that serves with package server. Its fields do not change once a port
// shows it.
type Life struct {
	Flags  map[string]string          // what the program was asked for; nil: it does not say
	Source string                     // where the model comes from, such as its file
	Format func(batcher.Model) string // the format of a model's file; nil: unknown

	server   atomic.Pointer[server.Server]
	draining atomic.Bool
}

// Serves says that s has started.
func (l *Life) Serves(s *server.Server) { l.server.Store(s) }

// Drains says that the program is about to end its server, before the server itself can know: for instance
// while it still starts.
func (l *Life) Drains() { l.draining.Store(true) }

// State implements [Source].
func (l *Life) State() State {
	state := server.Starting
	if s := l.server.Load(); s != nil {
		state = s.State()
	}
	switch {
	case state == server.Ended:
		return Ended
	case state > server.Ready, l.draining.Load():
		return Draining
	case state == server.Starting:
		return Starting
	}
	return Ready
}

// Metrics implements [Source].
func (l *Life) Metrics() (m metrics.Snapshot) {
	if s := l.server.Load(); s != nil {
		m = s.Metrics()
	}
	return m
}

// Peaks implements [Source].
func (l *Life) Peaks() (p metrics.Peaks) {
	if s := l.server.Load(); s != nil {
		p = s.Peaks()
	}
	return p
}

// Stages implements [Source].
func (l *Life) Stages(to *metrics.Stages) {
	if s := l.server.Load(); s != nil {
		s.Stages(to)
	}
}

// ThreadTimes implements [Source].
func (l *Life) ThreadTimes() (all []metrics.ThreadTime) {
	if s := l.server.Load(); s != nil {
		all = s.ThreadTimes()
	}
	return all
}

// Slow implements [Source].
func (l *Life) Slow() (all []metrics.Slow) {
	if s := l.server.Load(); s != nil {
		all = s.Slow()
	}
	return all
}

// Status implements [Source].
func (l *Life) Status() Status {
	status := Status{State: l.State(), Flags: l.Flags}
	s := l.server.Load()
	if s == nil {
		return status
	}
	a := s.About()
	status.Started, status.MostBytes = &a.Started, a.MostBytes
	for _, addr := range s.Addrs() {
		name := addr.String()
		if addr.Network() == "unix" {
			name = "unix:" + name
		}
		status.Addresses = append(status.Addresses, name)
	}
	status.IO = IO{a.IO.String(), a.IOCause}
	status.Threads = Threads{IO: a.IOThreads, Wait: a.Wait.String(), Pinned: a.Pin}
	if a.BatchThreads == server.Dedicated {
		status.Threads.Batch = 1
	}
	status.Model = l.model(&a)
	return status
}

// model returns what the server serves.
func (l *Life) model(a *server.About) *Model {
	m := &Model{
		Name: a.ModelName, Source: l.Source,
		Dim: a.Format.Dim, Outputs: a.Format.Outputs, Kind: a.Kind.String(), MaxVectors: a.Format.MaxVectors,
	}
	if a.Identity != (wire.Identity{}) {
		m.Identity = hex.EncodeToString(a.Identity[:])
	}
	if l.Format != nil {
		m.Format = l.Format(a.Model)
	}
	if says, ok := a.Model.(fmt.Stringer); ok {
		m.About = says.String()
	}
	return m
}
