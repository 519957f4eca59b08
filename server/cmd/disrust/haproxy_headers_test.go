//go:build linux && haproxy

package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestHAProxyHeaders: the daemon takes the client's address from both versions of HAProxy's PROXY
// header. It serves the clients that are allowed, and says in the log which of them broke the
// protocol. HAProxy's health checks, which name nobody, break nothing.
func TestHAProxyHeaders(t *testing.T) {
	d := daemontest.Start(t, smallAt("--listen", "127.0.0.1:9900", "--proxy-protocol", "127.0.0.1", "--allow", "127.0.0.8,127.0.0.1", "--metrics")...)
	startProxy(t, "testdata/haproxy-headers.cfg")
	request, answer := rawtest.Source{Dim: 128}.Pipeline(0, 1)
	for _, addr := range []string{"127.0.0.1:9901", "127.0.0.1:9902"} {
		rawtest.Until(t, addr+" is served", func() bool {
			got, err := askThrough("127.0.0.8", addr, request, len(answer))
			return err == nil && string(got) == string(answer)
		})
		if got, err := askThrough("127.0.0.7", addr, request, len(answer)); err == nil {
			t.Errorf("through %s, a client that is not allowed got % x", addr, got)
		}
	}
	if said := d.Stderr.String(); strings.Contains(said, "violation") {
		t.Errorf("a header is said to be a violation: %s", said)
	}
	if _, err := askThrough("127.0.0.8", "127.0.0.1:9902", rawtest.Header(0), 1); err == nil {
		t.Error("a count of 0 was answered")
	}
	rawtest.Until(t, "the log names the client", func() bool { return strings.Contains(d.Stderr.String(), "peer=127.0.0.8 violation=") })
}

// askThrough sends a request from an address, and reads that many bytes of the answer.
func askThrough(from, to string, request []byte, size int) ([]byte, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := dialer.Dial("tcp", to)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	answer := make([]byte, size)
	_, sent := c.Write(request)
	_, got := io.ReadFull(c, answer)
	return answer, errors.Join(sent, got)
}
