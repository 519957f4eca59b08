//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/cmd/disrust/internal/golden"
	"github.com/disrust/disrust/server/cmd/disrust/internal/memory"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/server/cmd/disrust/internal/reload"
	"github.com/disrust/disrust/server/cmd/disrust/internal/watch"
	"github.com/disrust/disrust/server/metrics"
)

// watchQuiet is how long nothing must happen to the model's file before it is loaded: a file that is being
// written has not come to its end, usually.
const watchQuiet = 200 * time.Millisecond

// loadPercent is how much garbage, in percent of the live heap, a reload may make before Go collects it. It is
// Go's default. With the bound of boundGarbage Go would mark the heap again for every few megabytes of a file, on
// CPUs that serve.
const loadPercent = 100

// watchModel begins to watch the way to the model's file, if --watch asks for it. Otherwise it returns nil.
func (o *options) watchModel() (*watch.Watcher, error) {
	if !o.watch || o.model == builtIn {
		return nil, nil // loadModel refuses the latter
	}
	_, file := modelflag.Split(o.model)
	w, err := watch.New(file, golden.Beside, watchQuiet)
	if err != nil {
		return nil, fmt.Errorf("--watch: %w", err)
	}
	return w, nil
}

// reloads returns what reloads the model of a server. SIGHUP and the watcher, if it is not nil, ask it to.
func (o *options) reloads(ctx context.Context, s *server.Server, hangups <-chan os.Signal, watcher *watch.Watcher) *reload.Reloader {
	cfg := reload.Config{
		Name: o.cfg.ModelName, Options: o.file, Log: o.log,
		Available: func() uint64 { return memory.Available(os.DirFS("/")) },
		Before: func() {
			debug.SetGCPercent(loadPercent)
			if ctx.Err() == nil { // a manager that was told of the end is not told of a reload
				o.tell(o.manager.Reloading("reloads the model"))
			}
		},
		After: func(reload.Verdict) {
			boundGarbage()
			if ctx.Err() == nil {
				o.tell(o.manager.Ready("serves on " + flags.OneLine(s.String())))
			}
		},
	}
	if o.loaded != nil {
		_, cfg.File = modelflag.Split(o.model)
	}
	if o.loaded != nil && o.loaded.GoldenRows > 0 {
		o.log.Info("the golden vectors came out", "rows", o.loaded.GoldenRows)
	}
	r := reload.New(ctx, cfg, s, o.loaded)
	o.loaded = nil // the Reloader and the server have it, as long as they need it
	go func() {
		for range hangups {
			r.Ask("SIGHUP")
		}
	}()
	if watcher != nil {
		go watcher.Run(ctx, func() { r.Ask("--watch") }, func(err error) {
			o.log.Warn("--watch", "error", err)
		})
	}
	return r
}

// adminReloader is what the admin port asks for reloads. There is a Reloader once the server has started.
type adminReloader struct {
	of atomic.Pointer[reload.Reloader]
}

var errStarting = errors.New("the server starts")

// Reload implements [admin.Reloader].
func (a *adminReloader) Reload(ctx context.Context) (admin.Verdict, error) {
	if r := a.of.Load(); r != nil {
		return r.Reload(ctx, adminAsks)
	}
	return admin.Verdict{}, errStarting
}

// Rollback implements [admin.Reloader].
func (a *adminReloader) Rollback(ctx context.Context) (admin.Verdict, error) {
	if r := a.of.Load(); r != nil {
		return r.Rollback(ctx, adminAsks)
	}
	return admin.Verdict{}, errStarting
}

// Last implements [admin.Reloader].
func (a *adminReloader) Last() (v admin.Verdict) {
	if r := a.of.Load(); r != nil {
		v = r.Last()
	}
	return v
}

const adminAsks = "the admin port"

// adminSource is what the admin port tells of: the server's life, its reloads, and other ports.
type adminSource struct {
	*admin.Life
	reloads *adminReloader
	ports   *bridge
}

// Metrics implements [admin.Source].
func (a adminSource) Metrics() metrics.Snapshot {
	m := a.Life.Metrics()
	if r := a.reloads.of.Load(); r != nil {
		r.Count(&m.Counters)
	}
	a.ports.Count(&m.Counters)
	return m
}
