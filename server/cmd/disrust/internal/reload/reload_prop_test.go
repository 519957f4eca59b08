//go:build linux

package reload

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/metrics"
	"pgregory.net/rapid"
)

// TestPropModel: whatever the file holds and the server says, in whatever order, the outcome is that of a plain
// model: a name of what is served, one of what was before, and one of what the file holds.
func TestPropModel(t *testing.T) {
	good := []string{first, second, third}
	bad := map[string][]byte{
		"cut": goldentest.Read(t, second)[:1000], "empty": nil, "four outputs": goldentest.Read(t, four),
	}
	loaded := map[string]*Model{}
	for _, file := range good {
		m, err := Load(file, forest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		loaded[file] = m
	}
	file := filepath.Join(t.TempDir(), "model.txt")
	silent := slog.New(slog.NewTextHandler(io.Discard, nil))
	rapid.Check(t, func(rt *rapid.T) {
		server := &fake{}
		served, before, holds := first, "", ""
		server.serves = loaded[first].Identity
		r := New(t.Context(), Config{Name: "m", File: file, Log: silent}, server, loaded[first])
		r.free = func() {} // takes long
		os.Remove(file)
		var swapped, refused uint64
		expect := func(v Verdict, err error, outcome admin.Outcome) {
			if err != nil || v.Outcome != outcome || server.serves != loaded[served].Identity {
				rt.Fatalf("%+v, %v, want %s; served should be %s", v, err, outcome, served)
			}
			switch outcome {
			case Swapped:
				swapped++
			case Refused:
				refused++
			}
			var c metrics.Counters
			if r.Count(&c); c.Reloads != swapped || c.ReloadFailures != refused {
				rt.Fatalf("%d and %d are counted, want %d and %d", c.Reloads, c.ReloadFailures, swapped, refused)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				holds = rapid.SampledFrom(append([]string{"cut", "empty", "four outputs"}, good...)).Draw(rt, "content")
				content, isBad := bad[holds]
				if !isBad {
					content = goldentest.Read(t, holds)
				}
				f := &fixture{file: file}
				f.put(t, content)
			},
			"remove":  func(*rapid.T) { os.Remove(file); holds = "" },
			"trouble": func(*rapid.T) { server.refuse = errors.New("trouble") },
			"none":    func(*rapid.T) { server.refuse = nil },
			"reload": func(*rapid.T) {
				v, err := r.Reload(t.Context(), "a test")
				switch {
				case holds == served:
					expect(v, err, Same)
				case loaded[holds] == nil || server.refuse != nil:
					expect(v, err, Refused)
				default:
					served, before = holds, served
					expect(v, err, Swapped)
				}
			},
			"rollback": func(*rapid.T) {
				v, err := r.Rollback(t.Context(), "a test")
				if before == "" || server.refuse != nil {
					expect(v, err, Refused)
					return
				}
				served, before = before, served
				expect(v, err, Swapped)
			},
		})
	})
}
