package oip

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/disrust/disrust/server"
	"golang.org/x/sync/semaphore"
)

// httpPort serves HTTP.
type httpPort struct {
	*Server
	server  http.Server
	room    *semaphore.Weighted // bytes of bodies
	foreign *http.CrossOriginProtection
}

func newHTTPPort(s *Server) *httpPort {
	p := &httpPort{Server: s, room: semaphore.NewWeighted(roomBytes), foreign: http.NewCrossOriginProtection()}
	p.server = http.Server{
		Handler:           p,
		ReadHeaderTimeout: headerTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	return p
}

func (p *httpPort) serve(l net.Listener) error {
	if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p *httpPort) shutdown(ctx context.Context) {
	if p.server.Shutdown(ctx) != nil {
		p.server.Close()
	}
}

// target is what a path names.
type target struct {
	kind           targetKind
	model, version string
}

type targetKind int

const (
	nothing targetKind = iota
	serverMetadata
	serverLive
	serverReady
	modelMetadata
	modelReady
	modelInfer
)

// targetOf reads a path as it stands in a request, where a name has its slashes escaped.
func targetOf(path string) (t target) {
	words := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if len(words) < 2 || words[0] != "" || words[1] != "v2" {
		return t
	}
	switch words = words[2:]; {
	case len(words) == 0:
		return target{kind: serverMetadata}
	case len(words) == 2 && words[0] == "health":
		t.kind = map[string]targetKind{"live": serverLive, "ready": serverReady}[words[1]]
		return t
	case len(words) < 2 || words[0] != "models":
		return t
	}
	var err error
	if t.model, err = url.PathUnescape(words[1]); err != nil {
		return t
	}
	words = words[2:]
	if len(words) >= 2 && words[0] == "versions" {
		if t.version, err = url.PathUnescape(words[1]); err != nil {
			return t
		}
		words = words[2:]
	}
	switch {
	case len(words) == 0:
		t.kind = modelMetadata
	case len(words) == 1:
		t.kind = map[string]targetKind{"ready": modelReady, "infer": modelInfer}[words[0]]
	}
	return t
}

// ServeHTTP implements [http.Handler].
func (p *httpPort) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := targetOf(cmp.Or(r.URL.RawPath, r.URL.EscapedPath()))
	if r.Body != http.NoBody { // net/http reads the end of a body that nobody wants
		readWithin(w, p.waits.room+p.waits.body)
	}
	err := p.check(w, r, t)
	switch {
	case t.kind == modelInfer:
		if err == nil {
			err = p.infer(w, r, t)
		}
		p.http.note(err)
	case err == nil:
		err = p.tell(w, t)
	}
	if err != nil {
		writeWithin(w, writeTimeout)
		refuse(w, failureOf(err))
	}
}

// check refuses what needs no look at the model.
func (p *httpPort) check(w http.ResponseWriter, r *http.Request, t target) error {
	methods := []string{http.MethodGet, http.MethodHead}
	if t.kind == modelInfer {
		methods = []string{http.MethodPost}
	}
	switch {
	case t.kind == nothing:
		return failf(notFound, "there is no %s", r.URL.Path)
	case r.Method != methods[0] && r.Method != methods[len(methods)-1]:
		w.Header().Set("Allow", strings.Join(methods, ", "))
		return failf(wrongMethod, "%s takes %s", r.URL.Path, strings.Join(methods, " and "))
	}
	if err := p.foreign.Check(r); err != nil {
		return failf(foreign, "%v", err)
	}
	return nil
}

// tell answers what a client asks about the server or the model.
func (p *httpPort) tell(w http.ResponseWriter, t target) error {
	status := http.StatusOK
	if (t.kind == serverReady || t.kind == modelReady) && !p.isReady() {
		status = http.StatusServiceUnavailable
	}
	var m server.Served
	if t.kind == modelMetadata || t.kind == modelReady {
		m = p.source.Served()
		if err := find(&m, t.model, t.version); err != nil {
			return err
		}
	}
	switch t.kind {
	case serverMetadata:
		writeJSON(w, status, struct {
			Name       string   `json:"name"`
			Version    string   `json:"version"`
			Extensions []string `json:"extensions"`
		}{serverName, p.version, []string{binaryData}})
	case serverLive:
		writeJSON(w, status, map[string]bool{"live": true})
	case serverReady:
		writeJSON(w, status, map[string]bool{"ready": status == http.StatusOK})
	case modelReady:
		writeJSON(w, status, struct {
			Name  string `json:"name"`
			Ready bool   `json:"ready"`
		}{m.Name, status == http.StatusOK})
	default:
		writeJSON(w, status, aboutModel(&m))
	}
	return nil
}

// infer scores the rows of a request. When it returns an error, it has not begun an answer.
func (p *httpPort) infer(w http.ResponseWriter, r *http.Request, t target) error {
	room, err := p.takeRoom(r)
	if err != nil {
		w.Header().Set("Connection", "close") // the body is not read
		return err
	}
	defer p.room.Release(room)
	own := takeWorkspace()
	defer own.release()
	readWithin(w, p.waits.body)
	jsonBytes, err := own.read(w, r)
	if err != nil {
		w.Header().Set("Connection", "close")
		return err
	}
	readWithin(w, 0) // net/http reads on, to learn that the client leaves
	m := p.source.Served()
	if err := find(&m, t.model, t.version); err != nil {
		return err
	}
	q, err := own.parse(&m, own.body, jsonBytes)
	if err != nil {
		return err
	}
	own.outputs(&m, q.rows)
	if err := p.scoring.score(r.Context(), &m, own.rows, own.scores); err != nil {
		return err
	}
	writeWithin(w, writeTimeout)
	own.answer(w, &m, &q)
	return nil
}

// readWithin bounds how long reads from the client may take from now on; 0: not at all.
func readWithin(w http.ResponseWriter, d time.Duration) {
	deadline := time.Time{}
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	http.NewResponseController(w).SetReadDeadline(deadline) // a ResponseWriter of net/http can
}

// writeWithin bounds how long writes to the client may take from now on.
func writeWithin(w http.ResponseWriter, d time.Duration) {
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d)) // a ResponseWriter of net/http can
}

// takeRoom waits until the body of r may be read, and returns the bytes to release.
func (p *httpPort) takeRoom(r *http.Request) (int64, error) {
	room := r.ContentLength
	if room > MaxRequestBytes {
		return 0, tooLong()
	}
	if room < 0 || r.Header.Get("Content-Encoding") != "" { // unknown
		room = MaxRequestBytes
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.waits.room)
	defer cancel()
	if p.room.Acquire(ctx, room) != nil {
		return 0, tooMany()
	}
	return room, nil
}

func tooLong() error {
	return failf(tooLarge, "the request has more than %d bytes: split its rows", MaxRequestBytes)
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, f *failure) {
	writeJSON(w, f.status, struct {
		Error string `json:"error"`
	}{f.sentence})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("oip: %v", err)) // of a type of this package
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(append(text, '\n')) // a client that has left gets nothing
}
