//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/wire"
)

// TestPieces: each server of disrust's protocol answers requests that arrive in pieces, some
// of which hold no whole request.
func TestPieces(t *testing.T) {
	var list []string
	for _, c := range contenders {
		if c.threads {
			list = append(list, c.name)
		}
	}
	o, err := parseOptions([]string{"--peers", strings.Join(list, ",")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBench(o, "bench", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if len(b.report.Missing) > 0 {
		t.Errorf("left out: %v", b.report.Missing)
	}
	for _, c := range b.peers {
		server, err := peer.StartCommand(b.lines[c.name])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Terminate) // if inPieces ends the test
		if err := inPieces(t, server.Addr); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		server.Terminate()
	}
}

// inPieces sends three requests in pieces, and waits after each piece until the server has
// read it. Then it compares the answers.
func inPieces(t *testing.T, addr string) error {
	var requests, want, got []byte
	for i, vectors := range []int{1, 1, wire.DefaultMaxVectors} {
		rows, scores := drive.Rows(i, vectors, wire.DefaultDim)
		requests, want = wire.AppendRequest(requests, vectors, rows), wire.AppendResponse(want, vectors, scores)
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline := time.Now().Add(time.Minute)
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	one, from := wire.Default.RequestBytes(1), 0
	for _, to := range []int{1, wire.HeaderBytes, 100, one + 2, one + 5, one + 90, 2*one + 7, 2*one + 3000, len(requests) - 1, len(requests)} {
		if _, err := conn.Write(requests[from:to]); err != nil {
			return fmt.Errorf("piece up to byte %d: %w", to, err)
		}
		from = to
		for !isRead(t, conn) {
			if time.Now().After(deadline) {
				return fmt.Errorf("the piece up to byte %d was not read", to)
			}
		}
	}
	got = make([]byte, len(want))
	if n, err := io.ReadFull(conn, got); err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, len(want), err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the answer is %x, not %x", got, want)
	}
	return nil
}

// isRead reports whether the other end of conn has read all that was sent: neither socket's
// queue in /proc/net/tcp (proc_net(5)) holds any of it. It returns true if the connection is
// no longer in that table.
func isRead(t *testing.T, conn net.Conn) bool {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf(":%04X", conn.LocalAddr().(*net.TCPAddr).Port)
	other := fmt.Sprintf(":%04X", conn.RemoteAddr().(*net.TCPAddr).Port)
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		local, remote, queues := fields[1], fields[2], fields[4]
		sent, received, _ := strings.Cut(queues, ":")
		switch {
		case strings.HasSuffix(local, own) && strings.HasSuffix(remote, other) && strings.Trim(sent, "0") != "":
			return false
		case strings.HasSuffix(local, other) && strings.HasSuffix(remote, own) && strings.Trim(received, "0") != "":
			return false
		}
	}
	return true
}
