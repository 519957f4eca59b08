//go:build linux

package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// TestLogNobodyTakes: the model fails, and the log's handler takes nothing: it waits for a
// channel, or its pipe is full. The server serves its other connections, and its drain ends.
// What the handler gets afterwards has the failure.
func TestLogNobodyTakes(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (slog.Handler, func() string){
		"handler": blockedHandler, "pipe": fullPipe,
	} {
		t.Run(name, func(t *testing.T) {
			var took func() string
			model := failing(func() error { return errPoison })
			rawtest.EachPlacement(t, func(cfg *server.Config) {
				with(model)(cfg)
				var handler slog.Handler
				handler, took = open(t)
				cfg.Log = slog.New(handler)
			}, func(t *testing.T, s *rawtest.Server) {
				rawtest.Check(t, rawtest.Each(6, func(client int) error {
					requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(40, 8)...)
					if client%2 == 0 {
						return exchangePoisoned(s.Addr, requests, answers)
					}
					return exchange(s.Addr, requests, answers)
				}))
				s.Ended = true
				rawtest.Check(t, s.Shutdown(context.Background()))
				if got := took(); strings.Count(got, "the model failed") == 0 || !strings.Contains(got, errPoison.Error()) {
					t.Errorf("the log is %q, want the failure", got)
				}
			})
		})
	}
}

// blockedHandler returns a handler that waits. took lets it go on, and returns what it took.
func blockedHandler(t *testing.T) (_ slog.Handler, took func() string) {
	goOn, handled := make(chan struct{}), make(chan string, 100)
	return blocked{slog.DiscardHandler, goOn, handled}, func() string {
		close(goOn)
		return <-handled
	}
}

type blocked struct {
	slog.Handler
	goOn    chan struct{}
	handled chan string
}

func (b blocked) Enabled(context.Context, slog.Level) bool {
	<-b.goOn
	return true
}

func (b blocked) Handle(_ context.Context, r slog.Record) error {
	var text strings.Builder
	err := slog.NewTextHandler(&text, nil).Handle(context.Background(), r)
	b.handled <- text.String()
	return err
}

// fullPipe returns a handler that writes to a full pipe. took reads the pipe.
func fullPipe(t *testing.T) (_ slog.Handler, took func() string) {
	const page = 4096
	r, w, err := os.Pipe()
	rawtest.Check(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	size, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, page)
	rawtest.Check(t, err)
	_, err = w.Write(make([]byte, size))
	rawtest.Check(t, err)
	return slog.NewTextHandler(w, nil), func() string {
		_, err := io.CopyN(io.Discard, r, int64(size))
		rawtest.Check(t, err)
		var line strings.Builder
		for !strings.HasSuffix(line.String(), "\n") {
			_, err := io.CopyN(&line, r, 1)
			rawtest.Check(t, err)
		}
		return line.String()
	}
}

// TestRunSaysReady: without a Log, Run says on the default logger where it serves. When it
// returns, the logger has the line.
func TestRunSaysReady(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	var text strings.Builder
	ctx, cancel := context.WithCancel(t.Context())
	slog.SetDefault(slog.New(endsWhenReady{slog.NewTextHandler(&text, nil), cancel}))
	cfg := rawtest.Config()
	rawtest.Size(&cfg)
	cfg.Log = nil
	rawtest.Check(t, server.Run(ctx, cfg))
	if !strings.Contains(text.String(), "msg=ready") {
		t.Errorf("the log is %q", &text)
	}
}

// endsWhenReady ends a context when a record arrives.
type endsWhenReady struct {
	slog.Handler
	cancel context.CancelFunc
}

func (e endsWhenReady) Handle(ctx context.Context, r slog.Record) error {
	e.cancel()
	return e.Handler.Handle(ctx, r)
}

// TestFloodOfFailures: clients send rows for which the model fails, again and again. The log has a line per
// second at most, and each failure has a line or is counted in one.
func TestFloodOfFailures(t *testing.T) {
	const clients, times = 8, 40
	var log *bytes.Buffer
	rawtest.EachPlacement(t, func(cfg *server.Config) {
		with(failing(func() error { return errPoison }))(cfg)
		log = new(bytes.Buffer)
		cfg.Log = slog.New(slog.NewJSONHandler(log, nil))
	}, func(t *testing.T, s *rawtest.Server) {
		began := time.Now()
		rawtest.Check(t, rawtest.Each(clients, func(client int) error {
			requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, 1)
			for range times {
				if err := exchangePoisoned(s.Addr, requests, answers); err != nil {
					return err
				}
			}
			return nil
		}))
		s.Ended = true
		rawtest.Check(t, s.Shutdown(context.Background()))
		lines, sum := 0, 0
		for line := range strings.Lines(log.String()) {
			var l struct {
				Msg, Error string
				More       int
			}
			rawtest.Check(t, json.Unmarshal([]byte(line), &l))
			if !strings.HasPrefix(l.Msg, "the model failed") {
				continue
			}
			lines, sum = lines+1, sum+l.More
			if l.Error != "" {
				sum++
			}
		}
		if most := 2 + int(time.Since(began)/time.Second); sum != clients*times || lines > most {
			t.Errorf("%d failures are logged or counted, of %d, in %d lines, of at most %d", sum, clients*times, lines, most)
		}
	})
}
