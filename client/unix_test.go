package client

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// socketPath is a path for a Unix socket, short enough on every system.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// TestUnixSocket: a Client uses a server on a Unix socket and one on a port, and errors name
// the socket by its address.
func TestUnixSocket(t *testing.T) {
	path := socketPath(t)
	serveOn(t, "unix", path, 3, welcoming(answerAll))
	c := dial(t, Config{Dim: 3, Conns: 2}, "unix:"+path, serve(t, 3, answerAll))
	for k := range 20 {
		if err := scoreOnce(t.Context(), c, k, 100); err != nil {
			t.Error(err)
		}
	}

	path = socketPath(t)
	serveOn(t, "unix", path, 3, welcoming(func(p *peer) { p.readScores() }))
	c = dial(t, Config{Dim: 3}, "unix:"+path)
	err := scoreOnce(t.Context(), c, 1, 1)
	if lost, ok := errors.AsType[*ConnectionLost](err); !ok || lost.Addr != "unix:"+path || !errors.Is(err, io.EOF) {
		t.Errorf("a connection that the server closed: %v", err)
	}
	_, err = Dial(t.Context(), Config{Addrs: []string{"unix:" + path + "/none"}})
	if _, ok := errors.AsType[*Unavailable](err); !ok || !strings.Contains(err.Error(), path) {
		t.Errorf("a socket that does not exist: %v", err)
	}
}
