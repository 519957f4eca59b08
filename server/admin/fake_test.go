package admin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/server/metrics"
)

// safety bounds every wait. No test depends on how long anything takes.
const safety = 30 * time.Second

// fake is a Source that says what a test wants.
type fake struct {
	mu    sync.Mutex
	state State
	now   metrics.Snapshot
	peaks metrics.Peaks
	model *Model

	stages metrics.Stages
	times  []metrics.ThreadTime
	slow   []metrics.Slow
}

func (f *fake) set(s State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = s
}

func (f *fake) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *fake) Stages(to *metrics.Stages)         { to.Merge(&f.stages) }
func (f *fake) ThreadTimes() []metrics.ThreadTime { return f.times }
func (f *fake) Slow() []metrics.Slow              { return f.slow }

func (f *fake) Metrics() metrics.Snapshot { return f.now }
func (f *fake) Peaks() metrics.Peaks      { return f.peaks }

func (f *fake) Status() Status {
	return Status{State: f.State(), Model: f.model, Flags: map[string]string{"port": "9900"}, Threads: Threads{IO: 2, Batch: 1}}
}

// ask sends a request to a handler without a network.
func ask(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// decode reads JSON that has no other fields than T.
func decode[T any](t *testing.T, from io.Reader) (v T) {
	t.Helper()
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

type mistake struct {
	Error string `json:"error"`
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
