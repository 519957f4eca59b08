//go:build linux && deploy

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
)

// TestEnvoy restarts two daemons behind Envoy in turn, while clients score. Envoy sees that a daemon drains, and
// gives new connections to the other one. No call of the Go client fails.
func TestEnvoy(t *testing.T) {
	text, err := os.ReadFile("envoy.yaml")
	check(t, err)
	config := filepath.Join(t.TempDir(), "envoy.yaml")
	places := strings.NewReplacer("127.0.0.1", "127.0.99.1", "10.0.1.2", "127.0.99.2", "10.0.2.2", "127.0.99.3")
	check(t, os.WriteFile(config, []byte(places.Replace(string(text))), 0o644))
	backends := []string{"127.0.99.2", "127.0.99.3"}
	daemons := make([]*daemontest.Daemon, len(backends))
	for i, addr := range backends {
		daemons[i] = behind(t, addr)
	}
	envoy, err := daemontest.StartProcess(exec.Command("envoy", "--config-path", config, "--log-level", "warning", "--concurrency", "1", "--disable-hot-restart"))
	check(t, err)
	t.Cleanup(envoy.Kill)
	var c *client.Client
	if err := envoy.AwaitReady(func() bool { // it has found a daemon healthy
		c, err = client.Dial(t.Context(), client.Config{Addrs: []string{"127.0.99.1:9900"}, Conns: 2, Retry: 10, Timeout: patience})
		return err == nil
	}); err != nil {
		t.Fatalf("%v; Envoy says: %s", err, &envoy.Stderr)
	}
	defer c.Close()
	scored, stop := load(t, c)
	for i, d := range daemons {
		proceed(t, scored)
		check(t, d.Signal(syscall.SIGTERM))
		if status, said := d.Status(t), d.Stderr.String(); status != 0 || strings.Contains(said, "the drain ended") {
			t.Errorf("status %d, stderr: %s", status, said)
		}
		proceed(t, scored)
		daemons[i] = behind(t, backends[i])
		// Envoy may not have it yet. So the next one does not go until it has a connection.
		check(t, daemontest.Await(patience, "Envoy uses the new daemon", func() bool {
			extra, err := client.Dial(t.Context(), client.Config{Addrs: []string{"127.0.99.1:9900"}, Conns: 1})
			if err == nil {
				err = extra.Close()
			}
			body, _ := get(t, backends[i]+":9901", "/status")
			return err == nil && !strings.Contains(string(body), `"accepted": 0`)
		}))
	}
	proceed(t, scored)
	stop()
}

// behind starts a daemon as envoy.yaml says.
func behind(t *testing.T, addr string) *daemontest.Daemon {
	t.Helper()
	return daemontest.Start(t, disrust, "--listen", addr+":9900", "--admin", addr+":9901", "--drain-delay", "3s")
}

// load scores until stop is called, and counts the calls.
func load(t *testing.T, c *client.Client) (scored *atomic.Int64, stop func()) {
	scored = new(atomic.Int64)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		row, score := make([]float32, 128), make([]float32, 1)
		for n := 0; ctx.Err() == nil; n++ {
			row[0] = float32(n % 1000)
			err := c.Score(ctx, score, row)
			if err != nil && !errors.Is(err, context.Canceled) || err == nil && score[0] != row[0] {
				t.Errorf("call %d: %v, score %v", n, err, score[0])
				return
			}
			scored.Add(1)
		}
	}()
	return scored, func() { cancel(); <-ended }
}

// proceed waits for calls more.
func proceed(t *testing.T, scored *atomic.Int64) {
	t.Helper()
	goal := scored.Load() + 200
	check(t, daemontest.Await(patience, "calls are answered", func() bool { return scored.Load() >= goal || t.Failed() }))
}
