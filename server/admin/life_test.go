//go:build linux

package admin_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/wire"
)

// TestLife: the port follows a server from before its start to its end, in every placement on both
// backends.
func TestLife(t *testing.T) {
	for _, io := range []server.IO{server.IOUring, server.IOEpoll} {
		for _, threads := range []server.BatchThreads{server.Inline, server.Dedicated} {
			life := &admin.Life{Source: "here", Format: func(batcher.Model) string { return "Go" }, Flags: map[string]string{"a": "b"}}
			h := admin.Handler(life, admin.Options{})
			want := func(state admin.State, status int) admin.Status {
				t.Helper()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
				if w.Code != status || w.Body.String() != string(state)+"\n" {
					t.Errorf("/readyz: %d %q, want %d %s", w.Code, w.Body, status, state)
				}
				w = httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/status", nil))
				var said admin.Status
				if err := json.NewDecoder(w.Body).Decode(&said); err != nil || said.State != state {
					t.Errorf("/status: %v, %+v", err, said)
				}
				return said
			}
			if said := want(admin.Starting, 503); said.Model != nil || said.Started != nil || said.Flags["a"] != "b" {
				t.Errorf("before the start: %+v", said)
			}

			cfg := server.DefaultConfig()
			path := "unix:" + t.TempDir() + "/a"
			cfg.Listen, cfg.IO, cfg.BatchThreads, cfg.IOThreads, cfg.PoolBytes = []string{"127.0.0.1:0", path}, io, threads, 2, 1<<20
			cfg.Identity = wire.Identity{0xab, 31: 0xcd}
			s, err := server.Start(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			life.Serves(s)
			said := want(admin.Ready, 200)
			model := admin.Model{
				Name: "sum", Identity: "ab" + strings.Repeat("00", 30) + "cd", Format: "Go", Source: "here",
				Dim: 128, Outputs: 1, Kind: wire.Raw.String(), MaxVectors: 64,
			}
			if said.Model == nil || *said.Model != model {
				t.Errorf("the model is %+v, want %+v", said.Model, model)
			}
			batch := 0
			if threads == server.Dedicated {
				batch = 1
			}
			if want := (admin.Threads{IO: 2, Batch: batch, Wait: "auto"}); said.Threads != want || said.IO.Backend != io.String() || said.IO.Reason != "" {
				t.Errorf("%+v, %+v; want %+v and %v", said.Threads, said.IO, want, io)
			}
			if len(said.Addresses) != 2 || said.Addresses[0] != s.Addr().String() || said.Addresses[1] != path || said.Started == nil || said.MostBytes == 0 {
				t.Errorf("%+v", said)
			}

			life.Drains()
			want(admin.Draining, 503)
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			want(admin.Ended, 503)
		}
	}
}

// TestEndedByItself: a server that ends by itself is not ready.
func TestEndedByItself(t *testing.T) {
	var life admin.Life
	cfg := server.DefaultConfig()
	cfg.Port, cfg.PoolBytes, cfg.IOThreads = 0, 1<<20, 1
	s, err := server.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	life.Serves(s)
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if got := life.State(); got != admin.Ended {
		t.Error(got)
	}
}
