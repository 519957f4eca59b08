//go:build linux

// Package reload replaces the model that a server serves with the one that its file holds by now.
//
// Everything that can fail is done before the server gets the model: the file is read, parsed and compared
// with its golden vectors. Whatever fails, the server goes on with the model that it has.
package reload

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/cmd/disrust/internal/background"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/wire"
)

// Server serves a model.
type Server interface {
	// Reload serves another model of the same shape. When it returns nil, no thread uses the one before. If it
	// returns an error that does not wrap server.ErrBusy, the server serves what it served.
	Reload(ctx context.Context, m batcher.Model, identity wire.Identity) error
}

// Config says what is reloaded.
type Config struct {
	Name    string // of the model
	File    string // empty: the model is built in
	Options forest.Options
	Log     *slog.Logger

	// Available returns how many bytes of memory are left to the process. nil: no file is refused for want of them.
	Available func() uint64

	// Before is called before each reload or rollback, and After when it is over. Either may be nil.
	Before func()
	After  func(Verdict)
}

// lowFor is how long the work has the lowest priority.
const lowFor = 10 * time.Second

// Reloader reloads the model of a server. All its methods may be called by any goroutine.
//
// It keeps the model that was served before, so that a rollback needs no file and cannot fail for want of
// one. So from the first reload on the process holds two models, and three while it loads.
type Reloader struct {
	cfg    Config
	ctx    context.Context // of the server's life
	server Server
	runner background.Runner
	free   func() // gives memory back to the system

	mu      sync.Mutex
	waiting []*job // at most one of each kind, in the order in which they came
	working bool
	served  *Model // nil: built in
	before  *Model // what was served before; nil: none
	last    Verdict
	swapped uint64
	refused uint64
}

// New returns the Reloader of a server that serves a model. Reloads that have not swapped when ctx ends are
// refused. served is nil if the model is built in.
func New(ctx context.Context, cfg Config, server Server, served *Model) *Reloader {
	return &Reloader{cfg: cfg, ctx: ctx, server: server, served: served, runner: background.Runner{For: lowFor, Log: cfg.Log}, free: debug.FreeOSMemory}
}

// kind says which model a job serves.
type kind int

const (
	fromFile kind = iota
	fromMemory
)

// job is a reload or a rollback.
type job struct {
	kind    kind
	asked   string        // who asked first
	done    chan struct{} // closed when verdict is there
	verdict Verdict
}

// Ask begins a reload, and does not wait for it. who says in the log who asked. If a reload is under way, one
// more follows it, however often it is asked for: the file may have changed since it was read.
func (r *Reloader) Ask(who string) { r.ask(fromFile, who) }

// Reload reloads the model, and returns how that ended. When ctx ends first it returns the cause of that, and
// the reload goes on: Last will say how it ended.
func (r *Reloader) Reload(ctx context.Context, who string) (Verdict, error) {
	return r.ask(fromFile, who).wait(ctx)
}

// Rollback goes back to the model that was served before the last swap. A second one goes forward again. The
// file stays as it is: the next reload serves what it holds.
func (r *Reloader) Rollback(ctx context.Context, who string) (Verdict, error) {
	return r.ask(fromMemory, who).wait(ctx)
}

// Last returns how the last reload or rollback ended.
func (r *Reloader) Last() Verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// Count sets the counters of reloads.
func (r *Reloader) Count(c *metrics.Counters) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Reloads, c.ReloadFailures = r.swapped, r.refused
}

func (r *Reloader) ask(k kind, who string) *job {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range r.waiting {
		if j.kind == k {
			return j
		}
	}
	j := &job{kind: k, asked: who, done: make(chan struct{})}
	r.waiting = append(r.waiting, j)
	if !r.working {
		r.working = true
		go r.work()
	}
	return j
}

func (j *job) wait(ctx context.Context) (Verdict, error) {
	select {
	case <-j.done:
		return j.verdict, nil
	case <-ctx.Done():
		return Verdict{}, context.Cause(ctx)
	}
}

// work carries out what waits, one after the other.
func (r *Reloader) work() {
	for j := r.next(); j != nil; j = r.next() {
		if r.cfg.Before != nil {
			r.cfg.Before()
		}
		began := time.Now()
		j.verdict = r.judge(r.carryOut(j.kind), began)
		r.log(j)
		r.free() // what the file took, and the model before the last
		if r.cfg.After != nil {
			r.cfg.After(j.verdict)
		}
		close(j.done)
	}
}

func (r *Reloader) next() *job {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		r.working = false
		return nil
	}
	j := r.waiting[0]
	r.waiting = slices.Delete(r.waiting, 0, 1)
	return j
}

// carryOut has the server serve the model of a job, unless it does already.
func (r *Reloader) carryOut(k kind) (f found) {
	if r.ctx.Err() != nil {
		return found{err: errEnding}
	}
	f.err = errNoEnd // unless it comes to one
	r.runner.Run(func() {
		defer func() {
			if p := recover(); p != nil {
				r.cfg.Log.Error("a reload panicked", "error", fmt.Sprint(p), "stack", string(debug.Stack()))
				f.err = fmt.Errorf("the reload panicked: %v", p)
			}
		}()
		found := r.find(k)
		if found.model != nil {
			ctx, cancel := context.WithTimeout(r.ctx, swapFor)
			defer cancel()
			found.err = r.server.Reload(ctx, found.model.Model, found.identity)
		}
		f = found
	})
	switch {
	case errors.Is(f.err, server.ErrBusy):
		r.cfg.Log.Warn("a thread has not taken the new model yet: its call of the earlier one has not returned", "error", f.err)
		f.err = nil
	case f.err != nil && r.ctx.Err() != nil:
		f.err = errEnding
	}
	return f
}

// swapFor is how long the server may take to measure a model and to put it in its place. A thread whose call
// of the model never returns would keep every later reload waiting.
const swapFor = time.Minute

var (
	errEnding   = errors.New("the server is ending")
	errNoEnd    = errors.New("the model ended the goroutine of the reload (runtime.Goexit)")
	errBuiltIn  = errors.New("the model is built in: there is no file to load it from")
	errNoBefore = errors.New("no other model was served before")
)

// find returns the model of a job. Only the goroutine that calls it changes served and before.
func (r *Reloader) find(k kind) found {
	switch m := r.before; {
	case r.served == nil:
		return found{err: errBuiltIn}
	case k == fromFile:
		if err := r.room(); err != nil {
			return found{err: err}
		}
		return find(r.cfg.File, r.cfg.Options, r.served)
	case m == nil:
		return found{err: errNoBefore}
	default:
		return found{model: m, read: true, identity: m.Identity, format: m.About.Format}
	}
}

// loadingTakes is how many times a file's size is taken while the file is loaded: text of LightGBM takes 2.7
// times its size, and hardly any model takes more than 4 times. A process that runs out of memory is killed,
// and all its connections with it.
const loadingTakes = 3

// room returns an error if loading the file would take more memory than there is.
func (r *Reloader) room() error {
	info, err := os.Stat(r.cfg.File)
	if err != nil || r.cfg.Available == nil {
		return nil // who reads the file says what is wrong with it
	}
	takes, left := loadingTakes*uint64(info.Size()), r.cfg.Available()
	if takes <= left {
		return nil
	}
	return fmt.Errorf("%s: loading a file of %d KiB takes about %d, and %d KiB of memory are left to this process: give it more, or restart it with the file",
		r.cfg.File, info.Size()>>10, takes>>10, left>>10)
}

// judge notes how a job ended.
func (r *Reloader) judge(f found, began time.Time) Verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := Verdict{Model: r.cfg.Name, Format: f.format, Started: began, Seconds: time.Since(began).Seconds()}
	if f.read {
		v.Identity = digits(f.identity)
	}
	if r.served != nil {
		v.Previous = digits(r.served.Identity)
	}
	switch {
	case f.err != nil:
		v.Outcome, v.Reason = Refused, line(f.err)
		r.refused++
	case f.model == nil:
		v.Outcome = Same
	default:
		v.Outcome, v.GoldenRows = Swapped, f.model.GoldenRows
		r.served, r.before = f.model, r.served
		r.swapped++
	}
	r.last = v
	return v
}

func digits(i wire.Identity) string { return hex.EncodeToString(i[:]) }

// line makes one line of an error.
func line(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// log says how a job ended.
func (r *Reloader) log(j *job) {
	v, what := &j.verdict, "reload"
	if j.kind == fromMemory {
		what = "rollback"
	}
	log := r.cfg.Log.With("model", v.Model, "asked_by", j.asked)
	switch v.Outcome {
	case Refused:
		log.Error(what+" refused: the server goes on with its model", "reason", v.Reason, "identity", v.Identity, "served", v.Previous)
	case Same:
		log.Info(what+": the file holds the model that is served", "identity", v.Identity)
	default:
		golden := "none"
		if v.GoldenRows > 0 {
			golden = fmt.Sprintf("%d rows came out", v.GoldenRows)
		}
		log.Info(what+": another model is served", "identity", v.Identity, "before", v.Previous, "is", r.served.String(), "golden_vectors", golden, "seconds", v.Seconds)
	}
}
