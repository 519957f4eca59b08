package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// Reloader changes the model that a server serves. Any goroutine may call its methods. At most one of
// Reload and Rollback runs for a port at a time.
type Reloader interface {
	// Reload reads the model again, and serves it if it may. An error says that the reload could not be
	// tried; a model that is not fit to be served is a Verdict.
	Reload(ctx context.Context) (Verdict, error)

	// Rollback goes back to the model that was served before.
	Rollback(ctx context.Context) (Verdict, error)

	// Last returns what the last reload or rollback came to, whatever asked for it. Without one the
	// Verdict is zero.
	Last() Verdict
}

// Outcome is how a reload ended.
type Outcome string

const (
	Swapped Outcome = "swapped" // another model is served
	Same    Outcome = "same"    // it is the one that was served already
	Refused Outcome = "refused" // the one before is still served; the reason says why
)

// Verdict is what a reload came to.
type Verdict struct {
	Outcome    Outcome   `json:"outcome"`
	Reason     string    `json:"reason"`            // why it was refused; else empty
	Model      string    `json:"model"`             // its name
	Identity   string    `json:"identity"`          // of the model that was read or gone back to, in hexadecimal; empty: none was read
	Previous   string    `json:"previous_identity"` // of the model that was served before; it still is, unless the outcome is Swapped
	Format     string    `json:"format"`            // of the file
	Started    time.Time `json:"started"`
	Seconds    float64   `json:"seconds"`
	GoldenRows int       `json:"golden_rows"` // rows whose scores were compared with those expected; 0: there were none
}

// LastReload is what /model says.
type LastReload struct {
	Running bool     `json:"running"` // a reload that this port was asked for goes on
	Last    *Verdict `json:"last"`    // null: there was none
}

// models is the part of a handler that reloads.
type models struct {
	reloader Reloader
	wait     time.Duration
	running  atomic.Bool
}

const noReloader = "this server does not reload its model"

func (m *models) last(w http.ResponseWriter, _ *http.Request) {
	if m.reloader == nil {
		refuse(w, http.StatusNotImplemented, noReloader)
		return
	}
	answer := LastReload{Running: m.running.Load()}
	if last := m.reloader.Last(); last.Outcome != "" {
		answer.Last = &last
	}
	writeJSON(w, http.StatusOK, answer)
}

func (m *models) reload(w http.ResponseWriter, r *http.Request)   { m.ask(w, r, Reloader.Reload) }
func (m *models) rollback(w http.ResponseWriter, r *http.Request) { m.ask(w, r, Reloader.Rollback) }

// ask has the reloader do something, and answers what comes of it: 200 if the model asked for is served,
// 409 if it was refused, and 202 if it takes longer than a client should wait. What has begun goes on,
// also when the client leaves.
func (m *models) ask(w http.ResponseWriter, r *http.Request, do func(Reloader, context.Context) (Verdict, error)) {
	if m.reloader == nil {
		refuse(w, http.StatusNotImplemented, noReloader)
		return
	}
	if !m.running.CompareAndSwap(false, true) {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "a reload is under way: GET /model says what comes of it")
		return
	}
	type result struct {
		verdict Verdict
		err     error
	}
	done := make(chan result, 1)
	go func() {
		got := result{err: errors.New("the reload did not come to an end")}
		defer func() {
			if p := recover(); p != nil {
				got.err = fmt.Errorf("the reload panicked: %v", p)
			}
			m.running.Store(false)
			done <- got
		}()
		got.verdict, got.err = do(m.reloader, context.WithoutCancel(r.Context()))
	}()
	patience := time.NewTimer(m.wait)
	defer patience.Stop()
	select {
	case <-patience.C:
		w.Header().Set("Location", "/model")
		writeJSON(w, http.StatusAccepted, LastReload{Running: true})
	case <-r.Context().Done():
	case got := <-done:
		switch {
		case got.err != nil:
			refuse(w, http.StatusServiceUnavailable, got.err.Error())
		case got.verdict.Outcome == Refused:
			writeJSON(w, http.StatusConflict, got.verdict)
		default:
			writeJSON(w, http.StatusOK, got.verdict)
		}
	}
}
