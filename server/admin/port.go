package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/disrust/disrust/server/internal/crowd"
	"github.com/disrust/disrust/server/internal/throttle"
)

// The bounds of a Port. A client that does not keep to them loses its connection.
const (
	maxConns      = 32
	headerTimeout = 5 * time.Second
	headerBytes   = 16 << 10
	writeTimeout  = 2 * time.Minute // from a request's header to its whole answer: longer than a reload is waited for, or a profile takes
	idleTimeout   = time.Minute
	closeTimeout  = time.Second
)

// Port is an HTTP server with a [Handler], with timeouts and a bound on its connections, and a history of the last hour.
//
// A connection whose first line is agent, without HTTP around it, gets one line that HAProxy's agent-check
// understands: ready, or drain while no client should be sent here.
type Port struct {
	server http.Server
	log    *throttle.Handler // of what clients can cause
	end    context.CancelFunc
	ending sync.WaitGroup // its goroutines
}

// Serve serves source on a listener, on goroutines of its own, until Close. The Port closes the listener.
func Serve(l net.Listener, source Source, o Options) *Port {
	log := o.Log
	if log == nil {
		log = slog.Default()
	}
	past := newHistory(source, mostSamples, time.Now())
	p := &Port{log: throttle.New(log.Handler())}
	p.server = http.Server{
		Handler:           newHandler(source, o, past.past),
		ReadHeaderTimeout: headerTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(p.log, slog.LevelWarn),
	}
	ctx, end := context.WithCancel(context.Background())
	p.end = end
	p.ending.Go(func() { past.run(ctx) })
	p.ending.Go(func() {
		if err := p.server.Serve(agents{crowd.Bound(l, maxConns, nil), source}); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the admin port ends", "reason", err)
		}
	})
	return p
}

// Close closes the listener. It gives answers that are on their way a second, and then closes their
// connections too.
func (p *Port) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if p.server.Shutdown(ctx) != nil {
		p.server.Close()
	}
	p.end()
	p.ending.Wait()
	p.log.Flush()
}

// agents is a listener some of whose connections may be HAProxy's agent-check.
type agents struct {
	*crowd.Listener
	source Source
}

// Accept implements [net.Listener].
func (a agents) Accept() (net.Conn, error) {
	c, err := a.AcceptConn()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, source: a.source}, nil
}

// conn is a connection that may turn out to be HAProxy's agent-check.
type conn struct {
	*crowd.Conn
	source Source
	first  string // what was read of the first line, while it may be agentLine
	known  bool   // it is not agentLine
}

// agentLine is what HAProxy sends with the option agent-send. It is no beginning of a request in HTTP.
const agentLine = "agent\n"

// Read implements [net.Conn].
func (c *conn) Read(b []byte) (n int, err error) {
	n, err = c.Conn.Read(b)
	if c.known {
		return n, err
	}
	c.first += string(b[:n])
	if c.first == agentLine {
		c.answerAgent()
		return 0, io.EOF
	}
	c.known = !strings.HasPrefix(agentLine, c.first)
	return n, err
}

// answerAgent says whether new clients should be sent here, and closes the connection.
func (c *conn) answerAgent() {
	line := "drain\n"
	if c.source.State() == Ready {
		line = "ready\n"
	}
	c.SetWriteDeadline(time.Now().Add(closeTimeout))
	io.WriteString(c.Conn, line)
	c.Conn.Close()
}
