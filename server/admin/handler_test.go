package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/metrics"
)

// TestReadyz: the status is 200 in the state ready alone, and the body is the state. A server that is not
// ready lives all the same.
func TestReadyz(t *testing.T) {
	source := &fake{}
	h := Handler(source, Options{})
	for state, want := range map[State]int{Starting: 503, Ready: 200, Draining: 503, Ended: 503} {
		source.set(state)
		if w := ask(h, "GET", "/readyz"); w.Code != want || w.Body.String() != string(state)+"\n" {
			t.Errorf("%s: %d %q, want %d", state, w.Code, w.Body, want)
		}
		if w := ask(h, "GET", "/livez"); w.Code != 200 || w.Body.String() != "alive\n" {
			t.Errorf("%s: /livez says %d %q", state, w.Code, w.Body)
		}
	}
}

// TestLivez: a program may say why it should be restarted.
func TestLivez(t *testing.T) {
	var stuck error
	h := Handler(&fake{}, Options{Alive: func() error { return stuck }})
	if w := ask(h, "GET", "/livez"); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	stuck = errors.New("I/O thread 1 is stuck")
	if w := ask(h, "GET", "/livez"); w.Code != 503 || w.Body.String() != "I/O thread 1 is stuck\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// TestMistakes: a wrong method, an unknown path and what a server cannot do are answered with a status, a
// sentence as JSON, and the methods that are allowed.
func TestMistakes(t *testing.T) {
	h := Handler(&fake{}, Options{})
	for _, c := range []struct {
		method, path string
		status       int
		allow, says  string
	}{
		{"POST", "/livez", 405, "GET, HEAD", "/livez takes GET"},
		{"POST", "/readyz", 405, "GET, HEAD", "GET"},
		{"DELETE", "/metrics", 405, "GET, HEAD", "GET"},
		{"PUT", "/status", 405, "GET, HEAD", "GET"},
		{"POST", "/model", 405, "GET, HEAD", "GET"},
		{"GET", "/model/reload", 405, "POST", "/model/reload takes POST"},
		{"HEAD", "/model/reload", 405, "POST", "POST"},
		{"GET", "/model/rollback", 405, "POST", "POST"},
		{"POST", "/", 405, "GET, HEAD", "/ takes GET"},
		{"POST", "/page.js", 405, "GET, HEAD", "GET"},
		{"POST", "/history", 405, "GET, HEAD", "GET"},
		{"GET", "/history", 501, "", "keeps no history"},
		{"GET", "/index.html", 404, "", "there is no /index.html: there are /, /history, /livez, "},
		{"GET", "/page", 404, "", "/page.css"},
		{"GET", "/metrics/", 404, "", "/metrics"},
		{"GET", "/Metrics", 404, "", "/metrics"},
		{"GET", "//livez", 404, "", "/livez"},
		{"GET", "/model/../livez", 404, "", "/livez"},
		{"GET", "/debug/pprof/", 404, "", "no profiles"},
		{"GET", "/debug/pprof", 404, "", "there is no /debug/pprof"},
		{"POST", "/model/reload", 501, "", "does not reload"},
		{"POST", "/model/rollback", 501, "", "does not reload"},
		{"GET", "/model", 501, "", "does not reload"},
	} {
		w := ask(h, c.method, c.path)
		said := decode[mistake](t, w.Body).Error
		if w.Code != c.status || w.Header().Get("Allow") != c.allow || !strings.Contains(said, c.says) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d, Allow %q, %q; want %d, %q, %q", c.method, c.path, w.Code, w.Header().Get("Allow"), said, c.status, c.allow, c.says)
		}
	}
}

// TestStatus: /status has every metric, and what the source and the build know.
func TestStatus(t *testing.T) {
	source := &fake{state: Ready, model: &Model{Name: "m", Identity: "00ff", Format: "f"}}
	source.now.Requests, source.now.Conns, source.peaks.MaxPoolBytes = 7, -1, 9
	w := ask(Handler(source, Options{}), "GET", "/status")
	got := decode[Status](t, w.Body)
	if w.Code != 200 || got.State != Ready || *got.Model != *source.model || got.Flags["port"] != "9900" || got.Program.Go == "" || got.Program.Version == "" {
		t.Errorf("%d %+v", w.Code, got)
	}
	if got.Counters["requests"] != 7 || got.Gauges["conns"] != -1 || got.Peaks["max_pool_bytes"] != 9 {
		t.Errorf("measured %+v", got.Measured)
	}
	if have, want := len(got.Counters)+len(got.Gauges)+len(got.Peaks), len(metrics.Table()); have != want {
		t.Errorf("%d metrics, want %d", have, want)
	}
}

// TestHead: a HEAD has the status and no body.
func TestHead(t *testing.T) {
	s := httptest.NewServer(Handler(&fake{state: Draining}, Options{}))
	defer s.Close()
	for path, want := range map[string]int{"/livez": 200, "/readyz": 503, "/metrics": 200, "/status": 200, "/": 200, "/page.js": 200} {
		r, err := http.Head(s.URL + path)
		check(t, err)
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != want || len(body) != 0 {
			t.Errorf("%s: %d, %d bytes, %v; want %d", path, r.StatusCode, len(body), err, want)
		}
	}
}

// TestPages: a page that a browser shows can neither reload the model nor read what a server on the
// browser's machine says, whatever name it gives that machine.
func TestPages(t *testing.T) {
	s := httptest.NewServer(Handler(&fake{state: Ready}, Options{Reloader: &reloader{}}))
	defer s.Close()
	for _, c := range []struct {
		method, path, host string
		header             []string
		status             int
	}{
		{"POST", "/model/reload", "", nil, 200},
		{"POST", "/model/reload", "", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"POST", "/model/reload", "", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", "/model/rollback", "", []string{"Origin", "https://evil.example"}, 403},
		{"GET", "/status", "", []string{"Sec-Fetch-Site", "cross-site"}, 200}, // the browser keeps it from the page
		{"POST", "/model/reload", "evil.example", []string{"Origin", "http://evil.example"}, 403},
		{"GET", "/status", "evil.example", nil, 403},
		{"GET", "/metrics", "evil.example:9901", nil, 403},
		{"GET", "/", "evil.example", nil, 403},
		{"GET", "/page.js", "evil.example", nil, 403},
		{"GET", "/history", "evil.example", nil, 403},
		{"GET", "/status", "localhost:1", nil, 200},
		{"GET", "/status", "disrust.localhost", nil, 200},
		{"GET", "/status", "[::1]:9901", nil, 200},
		{"GET", "/status", "10.0.0.1", nil, 200},
		{"GET", "/readyz", "backend.example", nil, 200},
	} {
		r, err := http.NewRequest(c.method, s.URL+c.path, nil)
		check(t, err)
		r.Host = c.host
		for pair := range slices.Chunk(c.header, 2) {
			r.Header.Set(pair[0], pair[1])
		}
		got, err := http.DefaultClient.Do(r)
		check(t, err)
		got.Body.Close()
		if got.StatusCode != c.status {
			t.Errorf("%s %s of %q with %q: %d, want %d", c.method, c.path, c.host, c.header, got.StatusCode, c.status)
		}
	}
}

// TestBodies: a small body is dropped, and a large one is refused.
func TestBodies(t *testing.T) {
	s := httptest.NewServer(Handler(&fake{state: Ready}, Options{Reloader: &reloader{}}))
	defer s.Close()
	for size, want := range map[int]int{0: 200, 1: 200, bodyBytes: 200, bodyBytes + 1: 400, 1 << 20: 400} {
		r, err := http.Post(s.URL+"/model/reload", "text/plain", strings.NewReader(strings.Repeat("x", size)))
		check(t, err)
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%d bytes: %d, want %d", size, r.StatusCode, want)
		}
	}
}

// TestProfiles: what is below /debug/pprof/ comes from the handler that the options have.
func TestProfiles(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	h := Handler(&fake{}, Options{Pprof: mux})
	for path, want := range map[string]string{"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile:"} {
		if w := ask(h, "GET", path); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	var second int
	mux.HandleFunc("/debug/pprof/nested", func(http.ResponseWriter, *http.Request) { second = ask(h, "GET", "/debug/pprof/").Code })
	if w := ask(h, "GET", "/debug/pprof/nested"); w.Code != 200 || second != 503 {
		t.Errorf("a profile: %d, and a second one meanwhile: %d", w.Code, second)
	}
	if w := ask(h, "DELETE", "/debug/pprof/"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("DELETE: %d %q", w.Code, w.Header())
	}
}

// reloader is a Reloader that does what a test wants.
type reloader struct {
	reload func(context.Context) (Verdict, error)
	last   Verdict
}

func (r *reloader) Reload(ctx context.Context) (Verdict, error) {
	if r.reload == nil {
		return Verdict{Outcome: Swapped}, nil
	}
	return r.reload(ctx)
}

func (r *reloader) Rollback(context.Context) (Verdict, error) {
	return Verdict{Outcome: Refused, Reason: "there is no model before"}, nil
}

func (r *reloader) Last() Verdict { return r.last }
