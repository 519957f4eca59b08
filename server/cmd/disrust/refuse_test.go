//go:build linux

package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// The statuses of a daemon that did not start.
const (
	usage       = 2 // the command line makes no sense
	environment = 1 // the command line makes sense, but cannot work here and now
)

// TestBadInput: the daemon answers every mistake with one sentence that names the value and
// what is allowed.
func TestBadInput(t *testing.T) {
	for _, test := range []struct {
		args  string
		parts string // what the sentence must contain, separated by spaces
	}{
		{"--port 65536", "65536 65535"},
		{"--port -1", "-1 65535"},
		{"--port http", "http port 0 65535"},
		{"--port", "port value 0 65535"},
		{"--io-threads -1", "-1 0 256"},
		{"--io-threads 100000", "100000 256"},
		{"--io-threads two", "two io-threads 0 256"},
		{"--dim -3", "dim -3 0 65535"},
		{"--dim 1.5", "1.5 dim 0 65535"},
		{"--dim 99999999999999999999", "99999999999999999999 dim"},
		{"--max-vectors 0", "vectors 0 65535"},
		{"--max-vectors -1", "vectors -1 65535"},
		{"--dim 1000 --max-vectors 1000000", "1000000"},
		{"--model=", "--model sum file"},
		{"--output raw", "--output sum --model"},
		{"--model sum --iterations 3", "--iterations sum --model"},
		{"--watch", "--watch sum --model"},
		{"plan --watch --model sum", "--watch sum --model"},
		{"--watch=perhaps", "perhaps watch true false"},
		{"--output margin", "margin output raw prob class"},
		{"--iterations 0", "0 iterations all best 1"},
		{"check", "check FILE"},
		{"--port 0 check m.txt", "check first word"},
		{"--model=", "model sum"},
		{"--batch-threads 2", "2 auto 0 1"},
		{"--batch-threads many", "many auto 0 1"},
		{"--wait nap", "nap auto spin yield block"},
		{"--pin=perhaps", "perhaps pin true false"},
		{"--pool-mib -1", "-1 pool-mib 1 65536"},
		{"--pool-mib 99999999999", "99999999999 pool-mib"},
		{"--pool-mib 1 --dim 50000", "--pool-mib 1 --max-vectors 64 --dim 50000 raise --pool-mib to 13"},
		{"--request-ring 1000", "request-ring 1000 power of two"},
		{"--request-ring 0", "request-ring 0 1"},
		{"--request-ring -4", "request-ring -4 1"},
		{"--response-ring 3", "response-ring 3 power of two"},
		{"--response-ring -8", "response-ring -8 1"},
		{"--max-conns 0", "max-conns 0 1048576"},
		{"--max-conns -1", "max-conns -1 1048576"},
		{"--request-timeout -1s", "-1s request-timeout 0 1000h"},
		{"--request-timeout 10", "10 request-timeout 10s"},
		{"--idle-timeout 1001h", "1001h idle-timeout 0 1000h"},
		{"--allow 10.0.0.0/33", "10.0.0.0/33 allow 10.0.0.0/8"},
		{"--allow 127.0.0.1,localhost", "localhost allow 192.168.1.7"},
		{"--allow=", "allow 192.168.1.7"},
		{"--proxy-protocol 10.0.0.0/33", "10.0.0.0/33 proxy-protocol 10.0.0.0/8"},
		{"--proxy-protocol on", "on proxy-protocol 10.0.0.0/8"},
		{"--listen 127.0.0.1", "127.0.0.1 listen host:port unix:PATH"},
		{"--listen :9900", ":9900 listen host 127.0.0.1"},
		{"--listen=", "listen host:port"},
		{"--listen 127.0.0.1:65536", "65536 listen 0 65535"},
		{"--listen unix:", "listen path"},
		{"--listen unix:@disrust", "unix:@disrust listen abstract"},
		{"--listen unix:/" + strings.Repeat("a", 107), "listen 107 108"},
		{"--listen [::]:9900 --listen 0.0.0.0:9900", "[::]:9900 0.0.0.0:9900"},
		{"--listen unix:/a --listen unix:/a", "unix:/a twice"},
		{"--listen 127.0.0.1:0 --port 0", "--listen --port"},
		{"--host 127.0.0.1 --listen 127.0.0.1:0", "--listen --host"},
		{"--listen 127.0.0.1:0 2 9900", "--listen second word"},
		{"--admin 9901", "9901 --admin host:port unix:PATH"},
		{"--admin=", "--admin host:port"},
		{"--admin :9901", ":9901 --admin host 127.0.0.1"},
		{"--admin unix:@disrust", "unix:@disrust --admin abstract"},
		{"--oip-http 8000", "8000 --oip-http host:port unix:PATH"},
		{"--oip-grpc=", "--oip-grpc host:port"},
		{"--oip-http 127.0.0.1:9900", "--oip-http 127.0.0.1:9900 twice"},
		{"--oip-http 127.0.0.1:8000 --oip-grpc 127.0.0.1:8000", "--oip-grpc 127.0.0.1:8000 twice"},
		{"--admin 127.0.0.1:8000 --oip-grpc 127.0.0.1:8000", "--oip-grpc 127.0.0.1:8000 twice"},
		{"--admin 0.0.0.0:8000 --oip-http 127.0.0.1:8000", "--oip-http 0.0.0.0:8000 127.0.0.1:8000"},
		{"--listen unix:/a --oip-http unix:/a", "--oip-http unix:/a twice"},
		{"--share-port --oip-http unix:/" + strings.Repeat("a", 100), "--oip-http --share-port 98 101"},
		{"--unix-mode 0o660", "0o660 unix-mode octal 0660"},
		{"--unix-mode 1777", "1777 unix-mode octal"},
		{"--unix-mode rw", "rw unix-mode octal"},
		{"--share-port=perhaps", "perhaps share-port true false"},
		{"plan plan", "plan command"},
		{"pln", "pln mean plan"},
		{"p2p", "p2p command"},
		{"prot 9900", "prot mean --port"},
		{"port 9900", "port mean --port"},
		{"--prot 9900", "--prot mean --port"},
		{"2 9900 --port 9901", "9900 --port 9901 disagree"},
		{"--io-threads 3 2", "2 --io-threads 3 disagree"},
		{"--io-threads 8 --request-ring 4", "--request-ring 4 from 8"},
		{"--dim 1000 --max-vectors 60000", "--max-vectors --dim 16777216 lower --max-vectors to 4194"},
		{"--share-port --listen unix:/" + strings.Repeat("a", 100), "--listen --share-port 98"},
		{"--max-conn-age -1s", "-1s max-conn-age 0 1000h"},
		{"--max-conn-age 5", "5 max-conn-age 10s"},
		{"--drain-delay -1s", "-1s drain-delay 0 1000h"},
		{"--drain-delay 10", "10 drain-delay 10s"},
		{"--drain-spread 1001h", "1001h drain-spread 0 1000h"},
		{"--drain-spread many", "many drain-spread 10s"},
		{"--drain-timeout -1s", "-1s drain-timeout 1ms"},
		{"--drain-timeout 10", "10 drain-timeout 10s"},
		{"--log-format xml", "xml log-format text json"},
		{"--log-level trace", "trace log-level debug info warn error"},
		{"--metrics --metrics-interval 0s", "0s metrics-interval 1ms"},
		{"--metrics --metrics-interval -1s", "-1s metrics-interval 1ms"},
		{"--no-such-flag-at-all", "no-such-flag-at-all --help"},
		{"serve", "serve"},
		{"2 9900 more", "more"},
		{"2 port", "port mean --port"},
		{"2 9x", "9x port number 0 65535"},
		{"-- 2 70000", "70000 65535"},
		{"-2", "2"},
	} {
		t.Run(test.args, func(t *testing.T) {
			wantRefused(t, usage, strings.Fields(test.args), strings.Fields(test.parts)...)
		})
	}
}

// TestNewlineStaysQuoted: an error is one line, even if the argument has a newline.
func TestNewlineStaysQuoted(t *testing.T) {
	wantRefused(t, usage, []string{"--no\nsuch"}, `no\nsuch`)
}

// TestTooFewDescriptors: the daemon refuses a limit on descriptors with which it could not
// serve.
func TestTooFewDescriptors(t *testing.T) {
	_, stderr, status := daemontest.RunToEnd(t, "sh", "-c", "ulimit -n 16; exec "+daemon)
	if status != environment || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "16 open files") {
		t.Errorf("status %d, stderr %q; want a sentence about 16 open files", status, stderr)
	}
}

// TestDescriptorsRunOut: each thread needs two descriptors. Whichever of them the last thread
// cannot get, the daemon says so in a sentence.
func TestDescriptorsRunOut(t *testing.T) {
	for limit := 32; limit < 38; limit++ {
		limited := fmt.Sprintf("ulimit -n %d; exec %s --port 0 --pool-mib 1 --max-conns 16 --io-threads 16", limit, daemon)
		_, stderr, status := daemontest.RunToEnd(t, "sh", "-c", limited)
		if status != environment || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "too many open files") {
			t.Errorf("limit %d: status %d, stderr %q; want a sentence", limit, status, stderr)
		}
	}
}

// TestNowhereToPrint: it is an error when stdout cannot be written to.
func TestNowhereToPrint(t *testing.T) {
	for _, args := range []string{"plan", "--help"} {
		_, stderr, status := daemontest.RunToEnd(t, "sh", "-c", daemon+" "+args+" >/dev/full")
		if status != environment || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "no space") {
			t.Errorf("%s: status %d, stderr %q; want a sentence", args, status, stderr)
		}
	}
}

func TestAddressNotHere(t *testing.T) {
	for _, host := range []string{"not.a.host.invalid", "203.0.113.1", "fe80::1"} {
		t.Run(host, func(t *testing.T) {
			wantRefused(t, environment, []string{"--host", host, "--port", "0"}, host)
		})
	}
}

func TestPortTakenByListener(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	rawtest.Check(t, err)
	defer listener.Close()
	wantPortTaken(t, listener.Addr().String())
}

// TestPortTakenByDaemon starts a second daemon on the first one's port. With SO_REUSEPORT
// alone they would share the port silently.
func TestPortTakenByDaemon(t *testing.T) {
	for _, threads := range []string{"1", "2"} {
		t.Run("threads="+threads, func(t *testing.T) {
			d := start(t, "--io-threads", threads)
			wantPortTaken(t, d.Addr)
			rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
		})
	}
}

func wantPortTaken(t *testing.T, addr string) {
	_, port, err := net.SplitHostPort(addr)
	rawtest.Check(t, err)
	for _, threads := range []string{"1", "2"} {
		wantRefused(t, environment, []string{"--port", port, "--io-threads", threads}, port, "in use")
	}
}

// wantRefused runs the daemon, which must end at once with the status and one sentence on
// stderr that contains all of parts.
func wantRefused(t *testing.T, status int, args []string, parts ...string) {
	t.Helper()
	wantCommandRefused(t, status, append([]string{daemon}, args...), parts...)
}

// wantCommandRefused is like wantRefused, for a whole command line.
func wantCommandRefused(t *testing.T, status int, command []string, parts ...string) {
	t.Helper()
	stdout, stderr, got := daemontest.RunToEnd(t, command...)
	if got != status {
		t.Errorf("status %d, want %d", got, status)
	}
	if stdout != "" {
		t.Errorf("stdout: %q, want nothing", stdout)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "disrust: ") || !strings.HasSuffix(stderr, "\n") {
		t.Errorf("stderr is not one line that begins with disrust: %q", stderr)
	}
	for _, part := range parts {
		if !strings.Contains(stderr, part) {
			t.Errorf("stderr does not contain %q: %q", part, stderr)
		}
	}
}
