//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/cmd/disrust/internal/commandtest"
	"github.com/disrust/disrust/server/cmd/disrust/internal/reload"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// Two models of the same shape, and one of another.
const (
	modelA = lightgbmModels + "/lgb_regression/model.txt"
	modelB = lightgbmModels + "/lgb_dart/model.txt"
	wider  = fourClasses
)

// Lines of the daemon's log.
const (
	swappedLine = "reload: another model is served"
	sameLine    = "reload: the file holds the model that is served"
	refusedLine = "reload refused: the server goes on with its model"
)

// modelFolder is a folder whose model.txt a daemon serves.
type modelFolder struct {
	t    *testing.T
	file string
	d    *daemontest.Daemon
	c    *client.Client
}

// serveCopy starts a daemon that serves a copy of modelA.
func serveCopy(t *testing.T, flags ...string) *modelFolder {
	t.Helper()
	m := &modelFolder{t: t, file: filepath.Join(t.TempDir(), "model.txt")}
	copyFile(t, modelA, m.file)
	m.start(flags...)
	return m
}

func (m *modelFolder) start(flags ...string) {
	m.t.Helper()
	m.d = start(m.t, append(flags, "--model", m.file)...)
	m.c = connect(m.t, m.d)
	m.serves(modelA)
}

// serves expects that the answers have the bits of a file's model.
func (m *modelFolder) serves(file string) {
	m.t.Helper()
	wantScores(m.t, m.c, file, forest.Options{}, goldentest.ReadArray(m.t, filepath.Join(filepath.Dir(file), "rows.npy")))
}

// put renames a copy of a file over the model's.
func (m *modelFolder) put(from string) {
	m.t.Helper()
	copyFile(m.t, from, m.file+".next")
	rawtest.Check(m.t, os.Rename(m.file+".next", m.file))
}

// after does something, and expects a line in the log that was not there before.
func (m *modelFolder) after(do func(), line string) {
	m.t.Helper()
	before := strings.Count(m.d.Stderr.String(), line)
	do()
	said := func() bool { return strings.Count(m.d.Stderr.String(), line) > before }
	rawtest.Until(m.t, "the log has another line: "+line, func() bool { return said() || m.d.HasEnded() })
	if !said() {
		m.t.Fatal("the daemon has ended without the line: " + line)
	}
}

// hangUp sends SIGHUP and expects a line in the log.
func (m *modelFolder) hangUp(line string) {
	m.t.Helper()
	m.after(func() { rawtest.Check(m.t, m.d.Signal(syscall.SIGHUP)) }, line)
}

// TestHangupReloads: after SIGHUP the answers are those of the file as it is now, and the counters say so.
func TestHangupReloads(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		m := serveCopy(t, append(flags, "--metrics", "--metrics-interval", "10ms")...)
		m.hangUp(sameLine)
		m.put(modelB)
		m.serves(modelA)
		m.hangUp(swappedLine)
		m.serves(modelB)
		m.hangUp(sameLine)
		rawtest.Check(t, os.Remove(m.file))
		m.hangUp(refusedLine)
		m.serves(modelB)
		m.put(modelA)
		m.hangUp(swappedLine)
		m.serves(modelA)
		rawtest.Until(t, "the counters", func() bool {
			return total(t, m.d, "reloads") == 2 && total(t, m.d, "reload_failures") == 1
		})
	})
}

// TestReloadRefused: whatever is wrong with the file, the daemon says it, each time anew, and goes on with the model
// that it has.
func TestReloadRefused(t *testing.T) {
	m := serveCopy(t)
	good, err := os.ReadFile(modelB)
	rawtest.Check(t, err)
	rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(modelB), "rows.npy"))
	vectors := strings.TrimSuffix(m.file, ".txt") + ".golden.npz"
	for _, c := range []struct {
		words string
		put   func()
	}{
		{"no such file", func() { rawtest.Check(t, os.Remove(m.file)) }},
		{"the file is empty", func() { rawtest.Check(t, os.WriteFile(m.file, nil, 0o600)) }},
		{"neither a text model of LightGBM", func() { rawtest.Check(t, os.WriteFile(m.file, good[100:], 0o600)) }},
		{"gives 4 scores per row", func() { m.put(wider) }},
		{"features, and the one that is served takes 8", func() { m.put(labels) }},
		{"model.golden.npz: 50 of 50 rows differ: for row 0 the model gives", func() {
			m.put(modelB)
			commandtest.WriteGolden(t, vectors, rows.Columns, rows.Data[:50*rows.Columns], make([]float32, 50))
		}},
		{"model.txt: ", func() { // a copy that goes on
			rawtest.Check(t, errors.Join(os.Remove(vectors), os.WriteFile(m.file, good[:len(good)/2], 0o600)))
		}},
	} {
		c.put()
		for range 2 {
			from := len(m.d.Stderr.String())
			m.hangUp(refusedLine)
			if said := m.d.Stderr.String()[from:]; !strings.Contains(said, c.words) {
				t.Errorf("the log does not say %q: %s", c.words, said)
			}
		}
		m.serves(modelA)
	}
	rawtest.Check(t, os.WriteFile(m.file, good, 0o600))
	m.hangUp(swappedLine)
	m.serves(modelB)
}

// TestWatch: with --watch the daemon follows a rename, a copy into the file, and the swap of a link as Kubernetes
// does it. A file that is wrong is tried again when it changes.
func TestWatch(t *testing.T) {
	for _, io := range []string{"uring", "epoll"} {
		t.Run(io, func(t *testing.T) {
			m := serveCopy(t, "--io", io, "--watch")
			m.after(func() { m.put(modelB) }, swappedLine)
			m.serves(modelB)
			good, err := os.ReadFile(modelA)
			rawtest.Check(t, err)
			m.after(func() { rawtest.Check(t, os.WriteFile(m.file, good[:len(good)/2], 0o600)) }, refusedLine)
			m.serves(modelB)
			m.after(func() {
				f, err := os.OpenFile(m.file, os.O_WRONLY|os.O_APPEND, 0)
				rawtest.Check(t, err)
				_, err = f.Write(good[len(good)/2:])
				rawtest.Check(t, errors.Join(err, f.Close()))
			}, swappedLine)
			m.serves(modelA)
		})
	}
}

// TestWatchDataSwap: a volume of Kubernetes is a link ..data to a folder; another takes its place, and the old folder
// goes. The golden vectors are those in the folder.
func TestWatchDataSwap(t *testing.T) {
	m := &modelFolder{t: t, file: filepath.Join(t.TempDir(), "model.txt")}
	volume := filepath.Dir(m.file)
	publish := func(version int, from string, wrong bool) {
		rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(from), "rows.npy"))
		model, err := forest.Load(from, forest.Options{})
		rawtest.Check(t, err)
		scores := make([]float32, len(rows.Data)/rows.Columns)
		rawtest.Check(t, model.Score(scores, rows.Data))
		if wrong {
			scores[7] = math.Nextafter32(scores[7], 9)
		}
		folder := fmt.Sprint("..", version)
		old, _ := os.Readlink(volume + "/..data")
		copyFile(t, from, filepath.Join(volume, folder, "model.txt"))
		commandtest.WriteGolden(t, filepath.Join(volume, folder, "model.golden.npz"), rows.Columns, rows.Data, scores)
		rawtest.Check(t, errors.Join(os.Symlink(folder, volume+"/..data_tmp"), os.Rename(volume+"/..data_tmp", volume+"/..data")))
		if old != "" {
			rawtest.Check(t, os.RemoveAll(filepath.Join(volume, old)))
		}
	}
	publish(1, modelA, false)
	rawtest.Check(t, errors.Join(os.Symlink("..data/model.txt", m.file), os.Symlink("..data/model.golden.npz", volume+"/model.golden.npz")))
	m.start("--watch")
	m.after(func() { publish(2, modelB, false) }, swappedLine)
	m.serves(modelB)
	from := len(m.d.Stderr.String())
	m.after(func() { publish(3, modelA, true) }, refusedLine)
	if said := m.d.Stderr.String()[from:]; !strings.Contains(said, "rows differ: for row 7 ") {
		t.Error(said)
	}
	m.serves(modelB)
	m.after(func() { publish(4, modelA, false) }, swappedLine)
	m.serves(modelA)
}

// TestReloadUnderLoad: while clients ask, the model is replaced again and again. Each answer is one model's, and the
// daemon does not grow: the files have 1 MiB each that the model does not need.
func TestReloadUnderLoad(t *testing.T) {
	for flags, reloads := range map[string]int{"--io uring --batch-threads 0": 50, "--io epoll --batch-threads 1": 10} {
		t.Run(flags, func(t *testing.T) {
			m := serveCopy(t, strings.Fields(flags)...)
			var files [2]string
			rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(modelA), "rows.npy"))
			batch := rows.Data[:50*rows.Columns]
			var want [2][50]float32
			for i, from := range []string{modelA, modelB} {
				files[i] = padded(t, from)
				model, err := forest.Load(files[i], forest.Options{})
				rawtest.Check(t, err)
				rawtest.Check(t, model.Score(want[i][:], batch))
			}
			var stop atomic.Bool
			var answers atomic.Int64
			ended := make(chan struct{})
			t.Cleanup(func() { <-ended })
			go func() {
				defer close(ended)
				for !stop.Load() {
					var got [50]float32
					err := m.c.Score(t.Context(), got[:], batch)
					if t.Context().Err() != nil {
						return // the test has failed
					}
					if err != nil {
						t.Error(err)
						return
					}
					if got != want[0] && got != want[1] {
						t.Error("an answer is neither model's")
						return
					}
					answers.Add(1)
				}
			}()
			var early int
			for i := range reloads {
				m.put(files[(i+1)%2])
				m.hangUp(swappedLine)
				if i == 1 {
					early = m.d.ResidentBytes(t)
				}
			}
			if late := m.d.ResidentBytes(t); late > early+8<<20 {
				t.Errorf("%d MiB resident after %d reloads, %d after 2", late>>20, reloads, early>>20)
			}
			stop.Store(true)
			<-ended
			if answers.Load() == 0 {
				t.Error("no answers")
			}
		})
	}
}

// padded returns a file of the same model with 1 MiB of parameters of the training.
func padded(t *testing.T, from string) string {
	t.Helper()
	model, err := os.ReadFile(from)
	rawtest.Check(t, err)
	text := strings.Replace(string(model), "parameters:\n", "parameters:\n"+strings.Repeat("[a_parameter: with a value]\n", 1<<20/28), 1)
	path := filepath.Join(t.TempDir(), "model.txt")
	rawtest.Check(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// TestRollback: a real server goes back to the model that it served before, without its file.
func TestRollback(t *testing.T) {
	for _, io := range []server.IO{server.IOUring, server.IOEpoll} {
		file := filepath.Join(t.TempDir(), "model.txt")
		copyFile(t, modelA, file)
		first, err := reload.Load(file, forest.Options{})
		rawtest.Check(t, err)
		cfg := server.DefaultConfig()
		cfg.Port, cfg.IO, cfg.ModelName, cfg.Model, cfg.Identity = 0, io, "m", first.Model, first.Identity
		cfg.Log = slog.New(slog.DiscardHandler)
		s, err := server.Start(t.Context(), cfg)
		rawtest.Check(t, err)
		r := reload.New(t.Context(), reload.Config{Name: "m", File: file, Log: cfg.Log}, s, first)
		c, err := client.Dial(t.Context(), client.Config{Addrs: []string{s.Addr().String()}})
		rawtest.Check(t, err)
		m := modelFolder{t: t, file: file, c: c}
		m.put(modelB)
		for _, step := range []struct {
			do     func() (reload.Verdict, error)
			serves string
		}{
			{func() (reload.Verdict, error) { return r.Reload(t.Context(), "a test") }, modelB},
			{func() (reload.Verdict, error) { return r.Rollback(t.Context(), "a test") }, modelA},
			{func() (reload.Verdict, error) { return r.Rollback(t.Context(), "a test") }, modelB},
			{func() (reload.Verdict, error) { return r.Rollback(t.Context(), "a test") }, modelA},
		} {
			if v, err := step.do(); err != nil || v.Outcome != reload.Swapped {
				t.Errorf("%+v, %v", v, err)
			}
			m.serves(step.serves)
		}
		rawtest.Check(t, errors.Join(os.Remove(file), c.Close()))
		rawtest.Check(t, s.Shutdown(t.Context()))
		if v, err := r.Rollback(t.Context(), "a test"); err != nil || v.Outcome != reload.Refused {
			t.Errorf("%+v, %v after the end", v, err)
		}
	}
}

// TestGoldenAtStart: a daemon starts only if the golden vectors come out.
func TestGoldenAtStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model.txt")
	copyFile(t, modelA, file)
	rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(modelA), "rows.npy"))
	model, err := forest.Load(modelA, forest.Options{})
	rawtest.Check(t, err)
	scores := make([]float32, len(rows.Data)/rows.Columns)
	rawtest.Check(t, model.Score(scores, rows.Data))
	vectors := strings.TrimSuffix(file, ".txt") + ".golden.npz"
	commandtest.WriteGolden(t, vectors, rows.Columns, rows.Data, scores)
	d := start(t, "--model", file)
	rawtest.Until(t, "the log has a line", func() bool {
		return strings.Contains(d.Stderr.String(), fmt.Sprintf("the golden vectors came out\" rows=%d", len(scores)))
	})
	scores[3]++
	commandtest.WriteGolden(t, vectors, rows.Columns, rows.Data, scores)
	for _, args := range [][]string{{"--port", "0"}, {"--plan"}} {
		wantRefused(t, environment, append(args, "--model", file), vectors, fmt.Sprintf("1 of %d rows differ: for row 3 the model gives", len(scores)))
	}
}

// TestAdminReloads: the admin port reloads the model and goes back, answers how that ended, and counts it.
func TestAdminReloads(t *testing.T) {
	eachAdmin(t, func(t *testing.T, at string, flags []string) {
		m := serveCopy(t, flags...)
		port := adminOf(t, m.d.Process)
		post := func(path string, status int, outcome admin.Outcome, serves string) {
			t.Helper()
			got, body, err := port.ask("POST", path)
			var v admin.Verdict
			if err == nil {
				err = json.Unmarshal([]byte(body), &v)
			}
			if err != nil || got != status || v.Outcome != outcome || v.Model != "model" {
				t.Errorf("%s: %d, %v, %s, want %d and %s", path, got, err, body, status, outcome)
			}
			var last admin.LastReload
			if err := json.Unmarshal([]byte(port.want(t, "/model", 200)), &last); err != nil || last.Last == nil || last.Last.Outcome != outcome {
				t.Errorf("/model: %v, %+v", err, last)
			}
			m.serves(serves)
		}
		post("/model/rollback", 409, admin.Refused, modelA)
		post("/model/reload", 200, admin.Same, modelA)
		m.put(modelB)
		post("/model/reload", 200, admin.Swapped, modelB)
		m.put(wider)
		post("/model/reload", 409, admin.Refused, modelB)
		post("/model/rollback", 200, admin.Swapped, modelA)
		if now := port.scrape(t); now["disrust_reloads_total"] != 2 || now["disrust_reload_failures_total"] != 2 {
			t.Errorf("counted %v reloads and %v failures", now["disrust_reloads_total"], now["disrust_reload_failures_total"])
		}
		port.want(t, "/readyz", 200)
	})
}
