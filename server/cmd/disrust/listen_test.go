//go:build linux

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestListen serves on all addresses at once, names them in the ready line, and leaves no
// file behind.
func TestListen(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	d := daemontest.Start(t, placed("--listen", "127.0.0.1:0", "--listen=unix:"+path, "--unix-mode", "0600", "--listen", "[::1]:0")...)
	if len(d.Addrs) != 3 || d.Addrs[1] != "unix:"+path || !strings.HasPrefix(d.Addrs[0], "127.0.0.1:") || !strings.HasPrefix(d.Addrs[2], "[::1]:") {
		t.Fatalf("the ready line names %q", d.Addrs)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	for i, addr := range d.Addrs {
		c := dial(t, addr)
		rawtest.Check(t, errors.Join(roundTrip(c, rawtest.Source{Dim: 128, Client: i}, 0), c.Close()))
	}
	rawtest.Check(t, d.Signal(syscall.SIGTERM))
	if status := d.Status(t); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	noFiles(t, path)
}

func noFiles(t *testing.T, path string) {
	t.Helper()
	if left, _ := filepath.Glob(path + "*"); len(left) != 0 {
		t.Errorf("left are %q", left)
	}
}

// TestUnixTaken: what another process serves, and what is no socket, is refused, and
// stays.
func TestUnixTaken(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	d := daemontest.Start(t, placed("--listen", "unix:"+path)...)
	refused(t, environment, []string{"--listen", "unix:" + path}, "unix:"+path, "served by another process")
	rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
	rawtest.Check(t, os.WriteFile(path+".txt", nil, 0o600))
	refused(t, environment, []string{"--listen", "unix:" + path + ".txt"}, path, "no socket")
	refused(t, environment, []string{"--listen", "unix:" + path + "/a"}, path)
	refused(t, environment, []string{"--listen", "unix:" + filepath.Dir(path) + "/none/a"}, "no such file")
	refused(t, environment, []string{"--listen", "[fe80::1%none]:0"}, "fe80::1%none", "no network interface")
	refused(t, usage, []string{"--share-port", "--listen", "unix:/" + strings.Repeat("a", 100)}, "98")
}

// TestUnixTwoAtOnce starts two daemons on one path at the same moment, again and again,
// where a dead one's file lies and where none does: one serves it.
func TestUnixTwoAtOnce(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	for range 10 {
		var daemons [2]*daemontest.Daemon
		var errs [2]error
		var starting sync.WaitGroup
		for i := range daemons {
			starting.Go(func() { daemons[i], errs[i] = launch(placed("--listen", "unix:"+path)...) })
		}
		starting.Wait()
		for i, d := range daemons {
			if d == nil && !strings.Contains(errs[i].Error(), "is served by another process") {
				t.Errorf("daemon %d: %v", i, errs[i])
			}
			if d != nil {
				rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
				d.Kill()
			}
		}
		if (daemons[0] == nil) == (daemons[1] == nil) {
			t.Errorf("of two daemons on one path, serving: %t and %t", daemons[0] != nil, daemons[1] != nil)
		}
	}
}

// TestUnixSharePort restarts a daemon on its path while clients connect and ask. A drain
// ends a connection whose request is not on its way yet, so a restart may cost a client
// the one that it has just made, and no more.
func TestUnixSharePort(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	on := placed("--listen", "unix:"+path, "--share-port")
	d := daemontest.Start(t, on...)
	var asking sync.WaitGroup
	stop := make(chan struct{})
	served, failed := make([]int, 4), make([]int, 4)
	for client := range served {
		asking.Go(func() { served[client], failed[client] = reconnect(t, d.Addr, client, stop) })
	}
	const restarts = 5
	for range restarts {
		successor := daemontest.Start(t, on...)
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		if status := d.Status(t); status != 0 {
			t.Errorf("status %d, want 0", status)
		}
		d = successor
		rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
	}
	close(stop)
	asking.Wait()
	for client := range served {
		if served[client] == 0 || failed[client] > restarts {
			t.Errorf("client %d was served on %d connections and failed on %d", client, served[client], failed[client])
		}
	}
	rawtest.Check(t, d.Signal(syscall.SIGTERM))
	d.Status(t)
	noFiles(t, path)
}
