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

// TestListen: the daemon serves several addresses at once, names them in the ready line, and
// leaves no socket file behind.
func TestListen(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	d := daemontest.Start(t, smallAt("--listen", "127.0.0.1:0", "--listen=unix:"+path, "--unix-mode", "0600", "--listen", "[::1]:0")...)
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
	wantNoFiles(t, path)
}

func wantNoFiles(t *testing.T, path string) {
	t.Helper()
	if left, _ := filepath.Glob(path + "*"); len(left) != 0 {
		t.Errorf("these files are left: %q", left)
	}
}

// TestUnixTaken: the daemon refuses a path that another process serves, a path that names
// no socket, and addresses that cannot be had here.
func TestUnixTaken(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	d := daemontest.Start(t, smallAt("--listen", "unix:"+path)...)
	wantRefused(t, environment, []string{"--listen", "unix:" + path}, "unix:"+path, "served by another process")
	rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
	rawtest.Check(t, os.WriteFile(path+".txt", nil, 0o600))
	wantRefused(t, environment, []string{"--listen", "unix:" + path + ".txt"}, path, "no socket")
	wantRefused(t, environment, []string{"--listen", "unix:" + path + "/a"}, path)
	wantRefused(t, environment, []string{"--listen", "unix:" + filepath.Dir(path) + "/none/a"}, "no such file")
	wantRefused(t, environment, []string{"--listen", "[fe80::1%none]:0"}, "fe80::1%none", "no network interface")
	wantRefused(t, usage, []string{"--share-port", "--listen", "unix:/" + strings.Repeat("a", 100)}, "98")
}

// TestUnixTwoAtOnce starts two daemons on one path at the same moment, several times: first
// where no file is, then where a killed daemon has left one. Exactly one daemon must serve
// the path.
func TestUnixTwoAtOnce(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	for range 10 {
		var daemons [2]*daemontest.Daemon
		var errs [2]error
		var starting sync.WaitGroup
		for i := range daemons {
			starting.Go(func() { daemons[i], errs[i] = launch(smallAt("--listen", "unix:"+path)...) })
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
			t.Errorf("exactly one of two daemons must serve the path; they serve: %t and %t", daemons[0] != nil, daemons[1] != nil)
		}
	}
}

// TestUnixSharePort restarts a daemon on its path while clients connect and send requests. A
// drain closes a connection whose request has not arrived yet. A restart may thus cost a
// client the connection that it has just made, and no more.
func TestUnixSharePort(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	on := smallAt("--listen", "unix:"+path, "--share-port")
	d := daemontest.Start(t, on...)
	var clients sync.WaitGroup
	stop := make(chan struct{})
	served, failed := make([]int, 4), make([]int, 4)
	for client := range served {
		clients.Go(func() { served[client], failed[client] = reconnect(t, d.Addr, client, stop) })
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
	clients.Wait()
	for client := range served {
		if served[client] == 0 || failed[client] > restarts {
			t.Errorf("client %d was served on %d connections and failed on %d", client, served[client], failed[client])
		}
	}
	rawtest.Check(t, d.Signal(syscall.SIGTERM))
	d.Status(t)
	wantNoFiles(t, path)
}
