package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are what a Handler need not have. The zero value is useful.
type Options struct {
	Reloader   Reloader      // reloads the model; nil: the server does not reload
	ReloadWait time.Duration // how long a client waits for a reload before it is told where to look; 0: 30 seconds

	// Alive says why the process should be restarted; nil: never. A model that is not fit to be served is no
	// reason.
	Alive func() error

	// Pprof serves what is below /debug/pprof/; nil: nothing is there. After an import of net/http/pprof,
	// http.DefaultServeMux is such a handler. This package does not import it, because the import alone
	// adds the profiles to whatever else the program serves from there.
	Pprof http.Handler

	// Log gets what goes wrong between Serve and its clients; nil: slog.Default(). In 10 seconds they cause at
	// most 900 lines, and a line with the number of those that were left out.
	Log *slog.Logger
}

const reloadWait = 30 * time.Second

// handler is the admin port.
type handler struct {
	source    Source
	alive     func() error
	pprof     http.Handler
	profiling sync.Mutex // while a profile is taken: each takes about a megabyte, and some stop the process for a moment
	paths     map[string]path
	names     []string // of paths, sorted
	foreign   *http.CrossOriginProtection
	turns     chan struct{} // as many as there are large answers in the making
}

// maxTurns bounds what a crowd makes the process allocate at once.
const maxTurns = 4

// path is what is at a path.
type path struct {
	methods []string
	serve   http.HandlerFunc
}

var (
	get  = []string{http.MethodGet, http.MethodHead}
	post = []string{http.MethodPost}
)

// Handler returns the admin port of what source tells of. It keeps no history, as [Serve] does: what it
// returns has no goroutine that could take the samples.
func Handler(source Source, o Options) http.Handler {
	return newHandler(source, o, noHistory)
}

// newHandler returns a Handler whose /history is answered by past.
func newHandler(source Source, o Options, past http.HandlerFunc) http.Handler {
	if o.ReloadWait == 0 {
		o.ReloadWait = reloadWait
	}
	h := &handler{source: source, alive: o.Alive, pprof: o.Pprof, foreign: http.NewCrossOriginProtection(), turns: make(chan struct{}, maxTurns)}
	m := &models{reloader: o.Reloader, wait: o.ReloadWait}
	h.paths = map[string]path{
		livePath:          {get, h.livez},
		readyPath:         {get, h.readyz},
		"/metrics":        {get, h.inTurn(exposition(source))},
		"/status":         {get, h.inTurn(h.status)},
		"/stages":         {get, h.inTurn(h.stages)},
		"/slow":           {get, h.inTurn(h.slow)},
		"/history":        {get, h.inTurn(past)},
		"/model":          {get, m.last},
		"/model/reload":   {post, m.reload},
		"/model/rollback": {post, m.rollback},
	}
	addPage(h.paths)
	for name := range h.paths {
		h.names = append(h.names, name)
	}
	slices.Sort(h.names)
	return h
}

const (
	livePath  = "/livez"
	readyPath = "/readyz"
	pprofPath = "/debug/pprof/"
)

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	p, ok := h.paths[r.URL.Path]
	switch {
	case ok:
	case h.pprof != nil && strings.HasPrefix(r.URL.Path, pprofPath):
		p = path{get, h.profile}
	case h.pprof == nil && strings.HasPrefix(r.URL.Path, pprofPath):
		refuse(w, http.StatusNotFound, "this server shows no profiles")
		return
	default:
		refuse(w, http.StatusNotFound, fmt.Sprintf("there is no %s: there are %s", r.URL.Path, strings.Join(h.names, ", ")))
		return
	}
	if !slices.Contains(p.methods, r.Method) {
		w.Header().Set("Allow", strings.Join(p.methods, ", "))
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s takes %s", r.URL.Path, strings.Join(p.methods, ", ")))
		return
	}
	if err := h.fromBrowser(r); err != nil {
		refuse(w, http.StatusForbidden, err.Error())
		return
	}
	if err := dropBody(w, r); err != nil {
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusBadRequest, "the request has a body that nothing here takes: "+err.Error())
		return
	}
	p.serve(w, r)
}

// fromBrowser returns an error if a page of somebody else's had a browser send r. Such a page reaches
// ports of the machine that the browser runs on. It may send a POST to one, which the browser marks, and
// reads from one through a name of its own that resolves to loopback.
func (h *handler) fromBrowser(r *http.Request) error {
	if err := h.foreign.Check(r); err != nil {
		return err
	}
	to, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if to == nil || !to.IP.IsLoopback() || r.URL.Path == livePath || r.URL.Path == readyPath { // load balancers name what they like
		return nil
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil || host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return nil
	}
	return fmt.Errorf("host %q: on a loopback address an address or localhost is allowed", host)
}

const (
	bodyBytes   = 4 << 10
	bodyTimeout = 5 * time.Second
)

// dropBody reads what a client sends after the header, which is nothing of interest. Without a limit in
// time and size a client could hold its connection for ever.
func dropBody(w http.ResponseWriter, r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(bodyTimeout)) // not every ResponseWriter can
	defer control.SetReadDeadline(time.Time{})
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, bodyBytes))
	return err
}

func (h *handler) livez(w http.ResponseWriter, _ *http.Request) {
	if h.alive != nil {
		if err := h.alive(); err != nil {
			say(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	say(w, http.StatusOK, "alive")
}

func (h *handler) readyz(w http.ResponseWriter, _ *http.Request) {
	status, state := http.StatusOK, h.source.State()
	if state != Ready {
		status = http.StatusServiceUnavailable
	}
	say(w, status, string(state))
}

func (h *handler) status(w http.ResponseWriter, _ *http.Request) {
	status := h.source.Status()
	status.Program, status.Measured = program(), measure(h.source)
	writeJSON(w, http.StatusOK, status)
}

// inTurn makes the answers of serve wait while maxTurns others are in the making. A client that does not read
// its answer keeps no other from its turn.
func (h *handler) inTurn(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		made := &answer{header: w.Header(), status: http.StatusOK}
		select {
		case h.turns <- struct{}{}:
			func() {
				defer func() { <-h.turns }()
				serve(made, r)
			}()
			w.WriteHeader(made.status)
			w.Write(made.body.Bytes()) // a client that has left gets nothing
		case <-r.Context().Done():
		}
	}
}

// answer is a [http.ResponseWriter] that keeps what it gets.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// profile serves one profile at a time.
func (h *handler) profile(w http.ResponseWriter, r *http.Request) {
	if !h.profiling.TryLock() {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "a profile is being taken, and there is one at a time")
		return
	}
	defer h.profiling.Unlock()
	h.pprof.ServeHTTP(w, r)
}

// say answers with one line.
func say(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, line+"\n") // a client that has left gets nothing
}

// refuse answers with an error as JSON.
func refuse(w http.ResponseWriter, status int, sentence string) {
	writeJSON(w, status, struct {
		Error string `json:"error"`
	}{sentence})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	to := json.NewEncoder(w)
	to.SetIndent("", "  ")
	to.Encode(value) // a client that has left gets nothing
}
