//go:build linux

package reload

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
	"github.com/disrust/disrust/server/cmd/disrust/internal/golden"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/wire"
)

const (
	models = commandtest.Models + "/lightgbm/testdata/"
	first  = models + "lgb_regression/model.txt" // one output, dim 8, as the next two
	second = models + "lgb_dart/model.txt"
	third  = models + "lgb_binary/model.txt"
	four   = models + "lgb_multiclass/model.txt" // four outputs
	other  = commandtest.ONNX + "/onnx_one/model.onnx"
)

// fake is a server.
type fake struct {
	mu      sync.Mutex
	model   batcher.Model
	serves  wire.Identity
	swaps   int
	refuse  error
	panics  bool
	calling func(ctx context.Context) // in Reload, before anything else
}

func (f *fake) Reload(ctx context.Context, m batcher.Model, identity wire.Identity) error {
	if f.calling != nil {
		f.calling(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("the fake panics")
	}
	if f.refuse != nil {
		return f.refuse
	}
	f.model, f.serves, f.swaps = m, identity, f.swaps+1
	return nil
}

// fixture is a Reloader of a file in a folder.
type fixture struct {
	*Reloader
	server *fake
	file   string
	log    strings.Builder
}

// start loads first from a folder, and returns what reloads it.
func start(t testing.TB, cfg Config) *fixture {
	t.Helper()
	f := &fixture{server: &fake{}, file: filepath.Join(t.TempDir(), "model.txt")}
	f.copy(t, first)
	served, err := Load(f.file, forest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.server.serves = served.Identity
	cfg.Name, cfg.File, cfg.Log = "m", f.file, slog.New(slog.NewTextHandler(&f.log, nil))
	f.Reloader = New(t.Context(), cfg, f.server, served)
	return f
}

// copy puts a file in the place of the model's.
func (f *fixture) copy(t testing.TB, from string) { f.put(t, goldentest.Read(t, from)) }

// put puts a file with this content in the place of the model's. Its time is past, so that it is read at once.
func (f *fixture) put(t testing.TB, content []byte) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	next := f.file + ".next"
	if err := errors.Join(os.WriteFile(next, content, 0o600), os.Chtimes(next, old, old), os.Rename(next, f.file)); err != nil {
		t.Fatal(err)
	}
}

// reload reloads, and expects an outcome and, if it is a refusal, words of the reason.
func (f *fixture) reload(t testing.TB, outcome admin.Outcome, words ...string) Verdict {
	t.Helper()
	v, err := f.Reload(t.Context(), "a test")
	f.expect(t, v, err, outcome, words...)
	return v
}

func (f *fixture) expect(t testing.TB, v Verdict, err error, outcome admin.Outcome, words ...string) {
	t.Helper()
	if err != nil || v.Outcome != outcome || v != f.Last() || v.Model != "m" || v.Seconds <= 0 || v.Started.IsZero() || (v.Reason == "") == (outcome == Refused) {
		t.Errorf("%+v, %v, want %s", v, err, outcome)
	}
	for _, word := range words {
		if !strings.Contains(v.Reason, word) {
			t.Errorf("the reason %q does not say %q", v.Reason, word)
		}
	}
}

func identity(t testing.TB, file string) wire.Identity {
	t.Helper()
	m, err := Load(file, forest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Identity
}

func TestReload(t *testing.T) {
	f := start(t, Config{})
	if v := f.Last(); v != (Verdict{}) {
		t.Errorf("%+v before the first", v)
	}
	v := f.reload(t, Same)
	if one := digits(identity(t, first)); v.Identity != one || v.Previous != one || v.Format != "LightGBM text v4" || f.server.swaps != 0 {
		t.Errorf("%+v, %d swaps", v, f.server.swaps)
	}
	f.copy(t, second)
	v = f.reload(t, Swapped)
	if v.Identity != digits(identity(t, second)) || v.Previous != digits(identity(t, first)) || v.Format != "LightGBM text v4" || v.GoldenRows != 0 {
		t.Errorf("%+v", v)
	}
	if f.server.serves != identity(t, second) || f.server.model.(*forest.Model).Identity != f.server.serves {
		t.Error("the server got another model")
	}
	f.reload(t, Same)
	if want := []string{"another model is served", "golden_vectors=none", "asked_by=\"a test\"", "the file holds the model that is served"}; !hasAll(f.log.String(), want) {
		t.Errorf("%s does not say %q", &f.log, want)
	}
}

func hasAll(text string, all []string) bool {
	for _, part := range all {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// TestRefused: whatever is wrong with the file, the server is not even asked, again and again; and a good file
// is loaded afterwards.
func TestRefused(t *testing.T) {
	good := goldentest.Read(t, second)
	for name, c := range map[string]struct {
		put   func(f *fixture)
		words string
	}{
		"missing":       {func(f *fixture) { os.Remove(f.file) }, "model.txt: no such file"},
		"empty":         {func(f *fixture) { f.put(t, nil) }, "model.txt: the file is empty"},
		"cut off":       {func(f *fixture) { f.put(t, good[:len(good)/2]) }, "model.txt: "},
		"a byte short":  {func(f *fixture) { f.put(t, good[:strings.Index(string(good), "end of trees")]) }, "model.txt: "},
		"no model":      {func(f *fixture) { f.put(t, []byte("\x80\x04\x95 pickle")) }, "pickle"},
		"other outputs": {func(f *fixture) { f.copy(t, four) }, "gives 4 scores per row, and the one that is served gives 1"},
		"other dim":     {func(f *fixture) { f.copy(t, other) }, "features, and the one that is served takes 8"},
		"a folder": {func(f *fixture) {
			os.Remove(f.file)
			os.Mkdir(f.file, 0o755)
		}, "a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, Config{})
			c.put(f)
			for range 3 {
				if v := f.reload(t, Refused, c.words); v.Previous != digits(identity(t, first)) {
					t.Errorf("%+v", v)
				}
			}
			var counted metrics.Counters
			if f.Count(&counted); f.server.swaps != 0 || counted.ReloadFailures != 3 || counted.Reloads != 0 {
				t.Errorf("%d swaps, %d failures are counted", f.server.swaps, counted.ReloadFailures)
			}
			if !strings.Contains(f.log.String(), "reload refused: the server goes on with its model") {
				t.Error(&f.log)
			}
			os.RemoveAll(f.file)
			f.put(t, good)
			f.reload(t, Swapped)
		})
	}
}

// TestRoom: a file for which there is not enough memory is refused before it is read.
func TestRoom(t *testing.T) {
	var left atomic.Uint64
	f := start(t, Config{Available: left.Load})
	f.copy(t, second)
	info, err := os.Stat(f.file)
	if err != nil {
		t.Fatal(err)
	}
	left.Store(loadingTakes*uint64(info.Size()) - 1)
	if v := f.reload(t, Refused, "of memory are left to this process"); v.Identity != "" {
		t.Errorf("%+v: the file was read", v)
	}
	left.Add(1)
	f.reload(t, Swapped)
}

// TestOtherKind: a model whose scores mean something else is refused.
func TestOtherKind(t *testing.T) {
	served, err := Load(third, forest.Options{Output: wire.Raw})
	if err != nil {
		t.Fatal(err)
	}
	next, err := Load(second, forest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sameShape(next.Model, served); err == nil || !strings.Contains(err.Error(), "gives scores of the kind prob, and the one that is served gives raw") {
		t.Error(err)
	}
}

// TestGolden: golden vectors decide, and they are those beside the file that the path leads to.
func TestGolden(t *testing.T) {
	f := start(t, Config{})
	rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(second), "rows.npy"))
	m, err := forest.Load(second, forest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]float32, len(rows.Data)/rows.Columns)
	if err := m.Score(scores, rows.Data); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(f.file)
	if err := errors.Join(os.Mkdir(folder+"/v2", 0o755), os.Remove(f.file), os.Symlink("v2/model.txt", f.file)); err != nil {
		t.Fatal(err)
	}
	f.file = folder + "/v2/model.txt"
	f.copy(t, second)
	commandtest.WriteGolden(t, golden.Beside(f.cfg.File), rows.Columns, rows.Data, make([]float32, len(scores))) // beside the link: of no account
	commandtest.WriteGolden(t, golden.Beside(f.file), rows.Columns, rows.Data, scores)
	if v := f.reload(t, Swapped); v.GoldenRows != len(scores) {
		t.Errorf("%+v", v)
	}
	f.copy(t, third)
	for range 2 {
		if v := f.reload(t, Refused, "v2/model.golden.npz: ", "rows differ: for row 0 the model gives"); v.Identity != digits(identity(t, third)) {
			t.Errorf("%+v", v)
		}
	}
}

// TestServerRefuses: a refusal of the server, and a panic, leave everything as it was.
func TestServerRefuses(t *testing.T) {
	f := start(t, Config{})
	f.copy(t, second)
	f.server.refuse = errors.New("not\nnow")
	f.reload(t, Refused, "not now")
	f.server.refuse, f.server.panics = nil, true
	f.reload(t, Refused, "panicked: the fake panics")
	if !strings.Contains(f.log.String(), "fake).Reload") {
		t.Errorf("no stack in %s", &f.log)
	}
	f.server.panics = false
	f.reload(t, Swapped)
}

func TestRollback(t *testing.T) {
	f := start(t, Config{})
	rollback := func(outcome admin.Outcome, words ...string) {
		t.Helper()
		v, err := f.Rollback(t.Context(), "a test")
		f.expect(t, v, err, outcome, words...)
	}
	rollback(Refused, "no other model was served before")
	f.copy(t, second)
	f.reload(t, Swapped)
	os.Remove(f.file) // it needs no file
	for _, want := range []string{first, second, first} {
		if rollback(Swapped); f.server.serves != identity(t, want) {
			t.Errorf("the server does not serve %s", want)
		}
	}
	if !strings.Contains(f.log.String(), "rollback: another model is served") {
		t.Error(&f.log)
	}
	f.copy(t, third)
	f.reload(t, Swapped)
	if rollback(Swapped); f.server.serves != identity(t, first) {
		t.Error("the rollback does not go back to what was served before")
	}
}

// TestBuiltIn: a model without a file is not reloaded.
func TestBuiltIn(t *testing.T) {
	var log strings.Builder
	r := New(t.Context(), Config{Name: "sum", Log: slog.New(slog.NewTextHandler(&log, nil))}, &fake{}, nil)
	v, err := r.Reload(t.Context(), "a test")
	if err != nil || v.Outcome != Refused || !strings.Contains(v.Reason, "built in") || !strings.Contains(log.String(), "built in") {
		t.Errorf("%+v, %v, %s", v, err, &log)
	}
	if v, err := r.Rollback(t.Context(), "a test"); err != nil || v.Outcome != Refused {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestCollapse: one reload at a time. However many are asked for meanwhile, one follows, which sees the file as
// it is by then.
func TestCollapse(t *testing.T) {
	var before, after atomic.Int32
	f := start(t, Config{
		Before: func() {
			if before.Add(1) != after.Load()+1 {
				t.Error("two at once")
			}
		},
		After: func(Verdict) { after.Add(1) },
	})
	called, goOn := make(chan struct{}), make(chan struct{})
	f.server.calling = func(context.Context) {
		called <- struct{}{}
		<-goOn
	}
	f.copy(t, second)
	f.Ask("one")
	<-called
	f.copy(t, third)
	next := f.ask(fromFile, "more")
	for range 20 {
		if f.ask(fromFile, "more") != next {
			t.Error("a second reload follows")
		}
	}
	goOn <- struct{}{}
	<-called
	goOn <- struct{}{}
	v, err := next.wait(t.Context())
	f.expect(t, v, err, Swapped)
	if f.server.serves != identity(t, third) || f.server.swaps != 2 || after.Load() != 2 {
		t.Errorf("%d swaps, %d reloads", f.server.swaps, after.Load())
	}
}

// TestCallerLeaves: a caller that does not wait any longer does not end the reload.
func TestCallerLeaves(t *testing.T) {
	f := start(t, Config{})
	goOn := make(chan struct{})
	f.server.calling = func(context.Context) { <-goOn }
	f.copy(t, second)
	ctx, leave := context.WithCancelCause(t.Context())
	left := errors.New("left")
	leave(left)
	if v, err := f.Reload(ctx, "a test"); err != left || v != (Verdict{}) {
		t.Errorf("%+v, %v", v, err)
	}
	close(goOn)
	if err := daemontest.Await(time.Minute, "a verdict", func() bool { return f.Last().Outcome == Swapped }); err != nil {
		t.Error(err)
	}
}

// TestEnd: when the server ends, a reload that is under way is refused, and so is each that follows.
func TestEnd(t *testing.T) {
	f := start(t, Config{})
	ctx, end := context.WithCancel(t.Context())
	f.ctx = ctx
	f.copy(t, second)
	f.server.calling = func(ctx context.Context) {
		end()
		<-ctx.Done()
		f.server.refuse = ctx.Err()
	}
	f.reload(t, Refused, "the server is ending")
	f.reload(t, Refused, "the server is ending")
}

// TestFollowsMove: if the path leads elsewhere once the model is loaded, that model is loaded, with its own
// golden vectors. The first ones are gone by then.
func TestFollowsMove(t *testing.T) {
	dir := t.TempDir()
	link, old, next := dir+"/model.txt", dir+"/1/model.txt", dir+"/2/model.txt"
	for file, content := range map[string]string{old: first, next: second} {
		if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755), os.WriteFile(file, goldentest.Read(t, content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink(old, link), os.Symlink(next, link+".next")); err != nil {
		t.Fatal(err)
	}
	commandtest.WriteNPZ(t, golden.Beside(next), commandtest.Array{Name: "rows", DType: "<f8", Data: 1.0})
	old2 := dir + "/1"
	moved := false
	f := findWith(link, func(file string) found {
		if !moved {
			moved = true
			if err := errors.Join(os.Rename(link+".next", link), os.RemoveAll(old2)); err != nil {
				t.Error(err)
			}
		}
		var f found
		f.model, f.err = f.load(file, forest.Options{}, nil)
		return f
	})
	if f.err == nil || !strings.HasPrefix(f.err.Error(), golden.Beside(next)) {
		t.Errorf("%v", f.err)
	}
}
