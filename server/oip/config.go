package oip

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/crowd"
	"github.com/disrust/disrust/server/internal/throttle"
	"github.com/disrust/disrust/server/metrics"
)

// The bounds of a port. A client that does not keep to them loses its connection, or its request fails.
const (
	maxConns    = 64                  // open at once; more wait to be accepted
	roomBytes   = 4 * MaxRequestBytes // of requests that are read or scored at once; more wait
	headerBytes = 16 << 10            // of a request's header

	headerTimeout = 5 * time.Second // for a request's header, or the beginning of a gRPC connection
	writeTimeout  = time.Minute     // for a whole answer in HTTP
	idleTimeout   = 2 * time.Minute // for the next request on a connection
)

// patience is how long a port waits. Tests have less of it.
type patience struct {
	room time.Duration // for room for a request
	body time.Duration // from then on for the whole request
}

var defaultPatience = patience{room: 10 * time.Second, body: 10 * time.Second}

// Source is what serves: a [server.Server]. Any goroutine may call its methods.
type Source interface {
	Served() server.Served
	State() server.State
}

// Config says what a Server serves. Source is required.
type Config struct {
	Source Source
	Allow  []netip.Prefix // TCP peers to serve, as in a [server.Config]; empty: all

	// Log gets failures of the model and what goes wrong between a port and its clients; nil:
	// slog.Default(). In 10 seconds clients cause at most 900 lines, and a line with the number of those that were
	// left out.
	Log *slog.Logger
}

// Server serves the model of a Source on the ports that it is given. Any goroutine may call its methods.
type Server struct {
	source  Source
	allow   []netip.Prefix
	log     *slog.Logger // bounded
	bounded *throttle.Handler
	scoring *scoring
	waits   patience
	version string // of the program

	mu    sync.Mutex
	ports []port
	ended sync.WaitGroup // the goroutines of the ports

	http, grpc counts
}

// port is one listener with its clients.
type port interface {
	// shutdown closes the listener, gives requests that are on their way until ctx ends, and closes the rest.
	shutdown(ctx context.Context)
}

// counts are those of a protocol.
type counts struct{ requests, failures atomic.Uint64 }

// note counts a request for scores.
func (c *counts) note(err error) {
	c.requests.Add(1)
	if err != nil {
		c.failures.Add(1)
	}
}

// New returns a Server without ports.
func New(c Config) *Server {
	log := c.Log
	if log == nil {
		log = slog.Default()
	}
	bounded := throttle.New(log.Handler())
	s := &Server{source: c.Source, allow: c.Allow, log: slog.New(bounded), bounded: bounded, waits: defaultPatience, version: version()}
	// Half of the CPUs: the server's threads, which answer in microseconds, find the others free.
	s.scoring = newScoring(max(1, runtime.NumCPU()/2), s.log)
	return s
}

// ServeHTTP serves HTTP on a listener, on goroutines of its own, until Shutdown. The Server closes the listener.
func (s *Server) ServeHTTP(l net.Listener) { s.serve(newHTTPPort(s), l) }

// ServeGRPC is ServeHTTP for gRPC.
func (s *Server) ServeGRPC(l net.Listener) { s.serve(newGRPCPort(s), l) }

// serve runs a port until it ends.
func (s *Server) serve(p interface {
	port
	serve(net.Listener) error // returns nil after shutdown
}, l net.Listener) {
	s.mu.Lock()
	s.ports = append(s.ports, p)
	s.mu.Unlock()
	s.ended.Go(func() {
		if err := p.serve(crowd.Bound(l, maxConns, s.serves)); err != nil {
			s.log.Error("a port of the Open Inference Protocol ends", "address", l.Addr().String(), "reason", err.Error())
		}
	})
}

// Shutdown closes the listeners, and lets requests that are on their way come to their end until ctx ends. Then
// it closes their connections. It returns when all connections are closed. A model that has not returned by then
// is left behind on a goroutine.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	ports := s.ports
	s.ports = nil
	s.mu.Unlock()
	var all sync.WaitGroup
	for _, p := range ports {
		all.Go(func() { p.shutdown(ctx) })
	}
	all.Wait()
	s.ended.Wait()
	s.bounded.Flush()
}

// Count adds what clients have asked to c.
func (s *Server) Count(c *metrics.Counters) {
	c.OipHTTPRequests += s.http.requests.Load()
	c.OipHTTPFailures += s.http.failures.Load()
	c.OipGRPCRequests += s.grpc.requests.Load()
	c.OipGRPCFailures += s.grpc.failures.Load()
}

// isReady reports whether clients should send requests here.
func (s *Server) isReady() bool { return s.source.State() == server.Ready }
