//go:build linux && deploy

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
)

// built is what people install.
type built struct{ dir, daemon, deb string }

// buildIn builds as the command does, from a clone.
func buildIn(t *testing.T, clone, dir string) built {
	t.Helper()
	cmd := exec.Command("go", "run", ".", dir)
	cmd.Dir = filepath.Join(clone, "server/deploy")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	finish(t, cmd)
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	check(t, err)
	if len(debs) != 1 {
		t.Fatalf("the packages are %q", debs)
	}
	return built{dir, filepath.Join(dir, "disrust"), debs[0]}
}

var (
	once  sync.Once
	local built
)

// buildHere builds this clone, once for all tests.
func buildHere(t *testing.T) built {
	t.Helper()
	once.Do(func() {
		dir, err := os.MkdirTemp(filepath.Dir(disrust), "dist") // which is removed when all tests have ended
		check(t, err)
		local = buildIn(t, "../..", dir)
	})
	if local.deb == "" {
		t.Fatal("the build failed in another test")
	}
	return local
}

// TestReproducible: a clone in another folder gives the same bytes, even if an earlier build lies in it.
func TestReproducible(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "a longer path", "to the clone")
	check(t, os.CopyFS(elsewhere, os.DirFS("../..")))
	check(t, os.MkdirAll(filepath.Join(elsewhere, "dist"), 0o755))
	check(t, os.WriteFile(filepath.Join(elsewhere, "dist/disrust"), nil, 0o755))
	a, b := buildHere(t), buildIn(t, elsewhere, t.TempDir())
	for _, pair := range [][2]string{{a.daemon, b.daemon}, {a.deb, b.deb}} {
		one, err := os.ReadFile(pair[0])
		check(t, err)
		other, err := os.ReadFile(pair[1])
		check(t, err)
		if !bytes.Equal(one, other) || filepath.Base(pair[0]) != filepath.Base(pair[1]) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
	stdout, _, status := daemontest.RunToEnd(t, a.daemon, "version")
	if status != 0 || !strings.Contains(stdout, ", commit ") {
		t.Errorf("the version is %q, status %d", stdout, status)
	}
}
