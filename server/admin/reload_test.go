package admin

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"
)

// TestReload: a reload answers with its verdict, and with the status that the outcome has.
func TestReload(t *testing.T) {
	for outcome, want := range map[Outcome]int{Swapped: 200, Same: 200, Refused: 409} {
		verdict := Verdict{
			Outcome: outcome, Reason: "r", Model: "m", Identity: "ab", Previous: "cd", Format: "f",
			Started: time.Date(2026, 11, 29, 1, 2, 3, 0, time.UTC), Seconds: 1.5, GoldenRows: 3,
		}
		h := Handler(&fake{}, Options{Reloader: &reloader{reload: func(context.Context) (Verdict, error) { return verdict, nil }, last: verdict}})
		w := ask(h, "POST", "/model/reload")
		if got := decode[Verdict](t, w.Body); w.Code != want || got != verdict {
			t.Errorf("%s: %d %+v, want %d", outcome, w.Code, got, want)
		}
		w = ask(h, "GET", "/model")
		if got := decode[LastReload](t, w.Body); w.Code != 200 || got.Running || *got.Last != verdict {
			t.Errorf("/model: %d %+v", w.Code, got)
		}
	}
	h := Handler(&fake{}, Options{Reloader: &reloader{}})
	if w := ask(h, "POST", "/model/rollback"); w.Code != 409 || decode[Verdict](t, w.Body).Reason != "there is no model before" {
		t.Errorf("rollback: %d", w.Code)
	}
	if w := ask(h, "GET", "/model"); w.Code != 200 || decode[LastReload](t, w.Body).Last != nil {
		t.Errorf("/model before any reload: %d", w.Code)
	}
}

// TestReloadFails: a reload that cannot be tried is an error, and the next one may be.
func TestReloadFails(t *testing.T) {
	err := errors.New("the server has not started")
	h := Handler(&fake{}, Options{Reloader: &reloader{reload: func(context.Context) (Verdict, error) { return Verdict{}, err }}})
	for range 2 {
		if w := ask(h, "POST", "/model/reload"); w.Code != 503 || decode[mistake](t, w.Body).Error != err.Error() {
			t.Errorf("%d", w.Code)
		}
	}
}

// TestSlowReload: a client is told where to look when a reload takes long. The reload goes on, a second
// one is not begun, and nobody who leaves ends it.
func TestSlowReload(t *testing.T) {
	began, finish := make(chan context.Context), make(chan struct{})
	r := &reloader{reload: func(ctx context.Context) (Verdict, error) {
		began <- ctx
		<-finish
		return Verdict{Outcome: Same}, ctx.Err()
	}}
	for _, leaves := range []bool{false, true} {
		options := Options{Reloader: r, ReloadWait: time.Hour}
		if !leaves {
			options.ReloadWait = time.Nanosecond
		}
		h := Handler(&fake{}, options)
		ctx, leave := context.WithCancel(t.Context())
		request, w, answered := httptest.NewRequestWithContext(ctx, "POST", "/model/reload", nil), httptest.NewRecorder(), make(chan struct{})
		go func() { defer close(answered); h.ServeHTTP(w, request) }()
		reload := <-began
		if leaves {
			leave()
		}
		<-answered
		if !leaves && (w.Code != 202 || w.Header().Get("Location") != "/model" || !decode[LastReload](t, w.Body).Running) {
			t.Errorf("%d, %q: %s", w.Code, w.Header(), w.Body)
		}
		leave()
		if err := reload.Err(); err != nil {
			t.Errorf("the reload was to end when its client left: %v", err)
		}
		if w := ask(h, "POST", "/model/rollback"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("a second one: %d, %q", w.Code, w.Header())
		}
		if w := ask(h, "GET", "/model"); !decode[LastReload](t, w.Body).Running {
			t.Error("/model does not say that a reload goes on")
		}
		finish <- struct{}{}
		for deadline := time.Now().Add(safety); decode[LastReload](t, ask(h, "GET", "/model").Body).Running; {
			if time.Now().After(deadline) {
				t.Fatal("the reload never ends")
			}
		}
		if w := ask(h, "POST", "/model/rollback"); w.Code == 503 {
			t.Errorf("after the reload: %d", w.Code)
		}
	}
}
