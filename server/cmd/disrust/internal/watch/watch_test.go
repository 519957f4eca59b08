//go:build linux

package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
	"pgregory.net/rapid"
)

func beside(file string) string { return file + ".golden" }

// tree is a folder of models as Kubernetes makes it, and a watcher of one path in it.
//
//	live -> versions/N        a link to a folder
//	live/model -> ..data/model
//	live/..data -> ..N        a link to a folder of this version
type tree struct {
	dir, path string
	next      int
}

func (tr *tree) at(parts ...string) string {
	return filepath.Join(append([]string{tr.dir}, parts...)...)
}

// fresh returns a content that no file had.
func (tr *tree) fresh() string {
	tr.next++
	return fmt.Sprint("content ", tr.next)
}

func newTree(t fataler, dir string) *tree {
	tr := &tree{dir: dir, path: filepath.Join(dir, "live/model")}
	check(t, tr.swapFolder(), tr.swapData())
	return tr
}

// swapFolder puts another folder behind the link live, with a model in it.
func (tr *tree) swapFolder() error {
	folder := fmt.Sprint("versions/", tr.next)
	first := tr.at(folder, fmt.Sprint("..first", tr.next))
	return all(
		os.MkdirAll(first, 0o755),
		os.WriteFile(filepath.Join(first, "model"), []byte(tr.fresh()), 0o644),
		os.Symlink(filepath.Base(first), tr.at(folder, "..data")),
		os.Symlink("..data/model", tr.at(folder, "model")),
		os.Symlink(folder, tr.at("live_tmp")),
		os.Rename(tr.at("live_tmp"), tr.at("live")),
	)
}

// swapData does what the kubelet does: a folder with the new content, a link to it renamed over the old one,
// and the old folder removed.
func (tr *tree) swapData() error {
	old, err := os.Readlink(tr.at("live/..data"))
	folder := fmt.Sprint("..", tr.next)
	return all(err,
		os.MkdirAll(tr.at("live", folder), 0o755),
		os.WriteFile(tr.at("live", folder, "model"), []byte(tr.fresh()), 0o644),
		os.Symlink(folder, tr.at("live/..data_tmp")),
		os.Rename(tr.at("live/..data_tmp"), tr.at("live/..data")),
		os.RemoveAll(tr.at("live", old)),
	)
}

func (tr *tree) resolved() (string, error) { return filepath.EvalSymlinks(tr.path) }

// renameOver puts a file in the place of the one at the path's end.
func (tr *tree) renameOver() error {
	file, err := tr.resolved()
	return all(err, os.WriteFile(file+".tmp", []byte(tr.fresh()), 0o644), os.Rename(file+".tmp", file))
}

// overwrite writes into the file at the path's end.
func (tr *tree) overwrite() error {
	file, err := tr.resolved()
	return all(err, os.WriteFile(file, []byte(tr.fresh()), 0o644))
}

// removeAll removes everything, and makes it again.
func (tr *tree) removeAll() error {
	return all(os.RemoveAll(tr.at("live")), os.RemoveAll(tr.at("versions")), tr.swapFolder())
}

// moveAway moves the folder to which the link live leads, and puts another in its place.
func (tr *tree) moveAway() error {
	folder, err := filepath.EvalSymlinks(tr.at("live"))
	data := filepath.Join(folder, "..moved")
	return all(err,
		os.Rename(folder, tr.at(fmt.Sprint("away", tr.next))),
		os.MkdirAll(data, 0o755),
		os.WriteFile(filepath.Join(data, "model"), []byte(tr.fresh()), 0o644),
		os.Symlink("..moved", filepath.Join(folder, "..data")),
		os.Symlink("..data/model", filepath.Join(folder, "model")),
	)
}

// all returns the first error.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

type fataler interface{ Fatal(...any) }

func check(t fataler, errs ...error) {
	if err := all(errs...); err != nil {
		t.Fatal(err)
	}
}

// seen is what a watcher's owner has seen: the content of the file when it was last told to look.
type seen struct{ content atomic.Value }

// start runs a watcher of tr.
func start(t fataler, tr *tree) (s *seen, stop func()) {
	w, err := New(tr.path, beside, time.Millisecond)
	check(t, err)
	s = &seen{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, func() {
			data, _ := os.ReadFile(tr.path)
			s.content.Store(string(data))
		}, func(error) {}) // a folder that has gone
	}()
	return s, func() {
		cancel()
		<-done
		closing.Go(func() { w.Close() })
	}
}

// closing waits for the kernel, which takes 10 ms to end an inotify instance.
var closing sync.WaitGroup

func (s *seen) await(t fataler, content string) {
	check(t, daemontest.Await(time.Minute, "the watcher has told of "+content, func() bool { return s.content.Load() == content }))
}

// TestPropSeen: whatever happens to the path, what was seen last is what it leads to.
func TestPropSeen(t *testing.T) {
	root := t.TempDir()
	trees := 0
	defer closing.Wait()
	rapid.Check(t, func(t *rapid.T) {
		trees++
		dir := filepath.Join(root, fmt.Sprint(trees))
		check(t, os.Mkdir(dir, 0o755))
		tr := newTree(t, dir)
		s, stop := start(t, tr)
		defer stop()
		for range rapid.IntRange(1, 2).Draw(t, "changes") {
			changes := map[string]func() error{
				"the kubelet's swap": tr.swapData, "another folder": tr.swapFolder, "rename": tr.renameOver, "write": tr.overwrite,
				"folders made again": tr.removeAll, "a folder moved": tr.moveAway,
			}
			names := []string{"a folder moved", "another folder", "folders made again", "rename", "the kubelet's swap", "write"}
			for range rapid.IntRange(1, 3).Draw(t, "at once") {
				check(t, changes[rapid.SampledFrom(names).Draw(t, "change")]())
			}
			s.await(t, fmt.Sprint("content ", tr.next))
		}
	})
}

// TestBeforeRun: what happens between New and Run is told.
func TestBeforeRun(t *testing.T) {
	tr := newTree(t, t.TempDir())
	w, err := New(tr.path, beside, time.Millisecond)
	check(t, err)
	defer w.Close()
	check(t, tr.renameOver())
	ctx, stop := context.WithCancel(t.Context())
	w.Run(ctx, stop, func(err error) { t.Error(err) })
}

// TestFileComesLater: the path may lead nowhere. Its file, its link and the file beside it are told of when they
// come, and other files are not.
func TestFileComesLater(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a/b/model")
	w, err := New(path, beside, time.Millisecond)
	check(t, err)
	defer w.Close()
	told, ended := make(chan struct{}, 100), make(chan struct{})
	ctx, end := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		w.Run(ctx, func() { told <- struct{}{} }, func(err error) { t.Error(err) })
	}()
	for _, step := range []func() error{
		func() error { return os.Mkdir(filepath.Join(dir, "a"), 0o755) },
		func() error { return os.Mkdir(filepath.Join(dir, "a/b"), 0o755) },
		func() error { return os.WriteFile(path, nil, 0o644) },
		func() error { return os.WriteFile(beside(path), nil, 0o644) },
		func() error { return os.Remove(path) },
		func() error { return os.Symlink("c/d", path) },
		func() error { return os.Mkdir(filepath.Join(dir, "a/b/c"), 0o755) },
		func() error { return os.WriteFile(filepath.Join(dir, "a/b/c/d"), nil, 0o644) },
		func() error { return os.WriteFile(filepath.Join(dir, "a/b/c/d.golden"), nil, 0o644) },
	} {
		check(t, step())
		<-told
	}
	end()
	<-ended
	if w.concerns(filepath.Join(dir, "a/b/other")) || w.concerns(dir+"/x") {
		t.Error("another file concerns the watcher")
	}
}

func TestTrail(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	check(t, os.MkdirAll(filepath.Join(dir, "a/b"), 0o755), os.WriteFile(filepath.Join(dir, "a/b/f"), nil, 0o644),
		os.Symlink("a/b", filepath.Join(dir, "l")), os.Symlink(dir+"/a", filepath.Join(dir, "abs")),
		os.Symlink("loop", filepath.Join(dir, "loop")), os.Symlink("../../l/f", filepath.Join(dir, "a/b/back")))
	for path, want := range map[string][]string{
		"a/b/f":        {"a/b/f"},
		"a//./b/f":     {"a/b/f"},
		"l/f":          {"l", "a/b/f"},
		"l/../b/f":     {"l", "a/b/f"}, // up from where the link leads
		"abs/b/f":      {"abs", "a/b/f"},
		"l/back":       {"l", "a/b/back", "l", "a/b/f"},
		"a/none/f":     {"a/none"},
		"none":         {"none"},
		"l/none":       {"l", "a/b/none"},
		"../../../../": {"/"},
	} {
		for i := range want {
			if want[i] != "/" {
				want[i] = filepath.Join(dir, want[i])
			}
		}
		if path == "../../../../" {
			path = "/.."
		} else {
			path = dir + "/" + path
		}
		if got := trail(path); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if got := trail(dir + "/loop/f"); len(got) > maxLinks+1 {
		t.Errorf("%d names of a loop", len(got))
	}
	t.Chdir(dir)
	if got := trail("l/f"); !slices.Equal(got, []string{dir + "/l", dir + "/a/b/f"}) {
		t.Errorf("%v of a relative path", got)
	}
}
