package score

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
)

// endless is rows without an end. It calls at when so many blocks were read.
type endless struct {
	source
	dim, blocks int
	at          func()
}

func (e *endless) fill(b *block) error {
	if e.blocks--; e.blocks == 0 {
		e.at()
	}
	b.rows, b.size, b.in = 100, 100, nil
	return nil
}

func (e *endless) decode(b *block, w *scratch) error {
	w.features = make([]float32, b.rows*e.dim)
	return nil
}

func (e *endless) total() (int64, string) { return 1 << 40, "rows" }

// TestInterrupted: an interrupt in the middle leaves the older scores, and no unfinished file.
func TestInterrupted(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	t.Chdir(filepath.Dir(put(t, "scores", []byte("old"))))
	s := &score{out: "scores"}
	k, err := s.create(nil, npy, 1, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := &pipeline{model: f.model, rows: &endless{dim: 8, blocks: 50, at: cancel}, scores: k, threads: 3}
	err = p.runToEnd(ctx, io.Discard)
	k.discard()
	if err == nil || !strings.HasPrefix(err.Error(), "interrupted; ") || !strings.HasSuffix(err.Error(), " rows were scored, and nothing is written") {
		t.Error(err)
	}
	wantOld(t)
}

// wantOld: the folder holds the older scores and nothing else.
func wantOld(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil || len(entries) != 1 || string(goldentest.Read(t, "scores")) != "old" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

// TestShrinking: rows that vanish while they are read are an error.
func TestShrinking(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	rows := slices.Repeat(f.rows, 1000)
	for _, file := range []string{put(t, "rows.npy", npyRows(rows, 8)), put(t, "rows.f32", encoded(rows)), put(t, "rows.csv", csvRows(rows, 8))} {
		s := &score{}
		source, err := s.open(file, f.path, f.model)
		if err != nil {
			t.Fatal(err)
		}
		defer source.close()
		if err := os.Truncate(file, int64(len(rows))); err != nil {
			t.Fatal(err)
		}
		k, err := (&score{out: "-"}).create(nil, npy, 1, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		defer k.discard()
		p := &pipeline{model: f.model, rows: source, scores: k, threads: 2}
		if err := p.runToEnd(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "has become shorter while it was read") || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// watching is a source that looks at the memory in use.
type watching struct {
	source
	fills int
	most  uint64
}

func (w *watching) fill(b *block) error {
	if w.fills++; w.fills%10 == 0 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		w.most = max(w.most, now.HeapAlloc)
	}
	return w.source.fill(b)
}

// TestMemory: what is in use does not grow with the file.
func TestMemory(t *testing.T) {
	f := load(t, "lightgbm/lgb_binary", forest.Options{})
	const size, allowed = 32 << 20, 6 << 20
	sparse := put(t, "rows.f32", nil)
	if err := os.Truncate(sparse, size); err != nil {
		t.Fatal(err)
	}
	line := []byte("1,2,3,4,5,6,7,8\n")
	for _, file := range []string{sparse, put(t, "rows.csv", bytes.Repeat(line, size/2/len(line)))} {
		s := &score{out: filepath.Join(t.TempDir(), "scores.npy")}
		rows, err := s.open(file, f.path, f.model)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.close()
		k, err := s.create(nil, npy, 1, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		watched := &watching{source: rows}
		p := &pipeline{model: f.model, rows: watched, scores: k, threads: 2}
		if err := p.runToEnd(t.Context(), io.Discard); err != nil || p.done < size/32 {
			t.Errorf("%s: %d rows, %v", file, p.done, err)
		}
		if watched.fills < 30 || watched.most > before.HeapAlloc+allowed {
			t.Errorf("%s: %d bytes in use, after %d", file, watched.most, before.HeapAlloc)
		}
	}
}
