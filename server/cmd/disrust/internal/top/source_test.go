package top

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
	"github.com/disrust/disrust/server/metrics"
)

// serving is a source that an admin port can tell of.
type serving struct{ *fake }

func (s serving) State() admin.State                { return s.fake.State }
func (s serving) Status() admin.Status              { return s.fake.Status }
func (s serving) Metrics() (m metrics.Snapshot)     { m.Requests, m.MaxConnections = 7, 9; return m }
func (s serving) Peaks() metrics.Peaks              { return metrics.Peaks{} }
func (s serving) Stages(to *metrics.Stages)         { to.Merge(&s.fake.Stages) }
func (s serving) ThreadTimes() []metrics.ThreadTime { return nil }
func (s serving) Slow() []metrics.Slow              { return nil }

// TestOnce: elsewhere than in a terminal the command prints one reading, on a port and on a Unix socket.
func TestOnce(t *testing.T) {
	handler := admin.Handler(serving{newFake()}, admin.Options{})
	tcp := httptest.NewServer(handler)
	defer tcp.Close()
	path := filepath.Join(t.TempDir(), "a")
	listener, err := net.Listen("unix", path)
	check(t, err)
	unix := &http.Server{Handler: handler}
	go unix.Serve(listener)
	defer unix.Close()
	for _, addr := range []string{strings.TrimPrefix(tcp.URL, "http://"), "unix:" + path} {
		stdout, stderr, status := commandtest.Run(t, Command, "--admin", addr, "--interval", "100ms")
		if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "server      ready, up ") || !strings.Contains(stdout, ", at "+addr+"\n") || !strings.Contains(stdout, "connections         0        9") {
			t.Errorf("%s: status %d, stderr %q, %s", addr, status, stderr, stdout)
		}
	}
}

// TestNoAdminPort: an error says what is wrong with an address, or what answers there.
func TestNoAdminPort(t *testing.T) {
	const hostile = "\x1b[2J"
	at := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	gone := l.Addr().String()
	check(t, l.Close())
	for _, c := range []struct {
		addr, says string
		status     int
	}{
		{"9901", "host:port or unix:PATH", 2},
		{"localhost:0", "host:port or unix:PATH", 2},
		{":9901", "host:port or unix:PATH", 2},
		{"unix:", "host:port or unix:PATH", 2},
		{gone, "connection refused (--admin says where", 1},
		{"unix:" + t.TempDir() + "/none", "no such file", 1},
		{at(http.NotFound), "answers /status with 404 Not Found: it is no admin port", 1},
		{at(func(w http.ResponseWriter, r *http.Request) {
			r.Host = "elsewhere.example"
			admin.Handler(serving{newFake()}, admin.Options{}).ServeHTTP(w, r)
		}), `403 Forbidden: host "elsewhere.example": on a loopback address`, 1},
		{at(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>" + hostile)) }), "something else than an admin port", 1},
		{at(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }), "302 Found", 1},
		{at(func(w http.ResponseWriter, _ *http.Request) { // an answer without an end
			for w.Header().Set("Content-Type", "application/json"); ; {
				if _, err := w.Write([]byte(strings.Repeat(" ", 1<<20))); err != nil {
					return
				}
			}
		}), "something else than an admin port of disrust does: EOF", 1},
	} {
		stdout, stderr, status := commandtest.Run(t, Command, "--admin", c.addr)
		if status != c.status || stdout != "" || !strings.Contains(stderr, c.says) || !strings.HasPrefix(stderr, "disrust: top: ") || strings.Contains(stderr, hostile) {
			t.Errorf("%s: status %d, stdout %q, stderr %q; want %d, %q", c.addr, status, stdout, stderr, c.status, c.says)
		}
	}
}

// TestSlowServer: a server that does not answer, or stops in the middle of an answer, is given up.
func TestSlowServer(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"nothing": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a part": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte("{"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		server := httptest.NewServer(answer)
		defer server.Close()
		from := newSource(strings.TrimPrefix(server.URL, "http://"))
		from.patience = 50 * time.Millisecond
		if _, err := from.read(t.Context()); err == nil || err.Error() != from.addr+": no answer within 50ms" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
