//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/listen"
)

// FuzzCommandLine parses any arguments, one per line of the input. The result is either
// options within the ranges that --help and the README name, or an error that is one line of
// printable text.
func FuzzCommandLine(f *testing.F) {
	for _, args := range []string{
		"", "--help", "-h", "2\n9901", "--port\n9901\n2", "2\n--port=9901", "--", "-", "---", "=", "--=", "--port", "serve",
		"--batch-threads\n1\n--metrics\n--metrics-interval\n1s", "--batch-threads=auto", "--wait\nspin\n--pin", "--pin=perhaps",
		"--host\n0.0.0.0\n--port\n0", "--dim\n1\n--max-vectors\n65535", "--dim=2147483647\n--max-vectors=65535\n--pool-mib=65536",
		"--pool-mib\n1\n--request-ring\n4\n--response-ring\n4", "--pool-mib\n99999999999999999999", "--request-ring\n3",
		"--model\nsum", "--watch", "--watch=false\n--model\nx", "--max-conns\n1048576", "--drain-timeout\n10m", "--drain-timeout\n9223372036854775807ns",
		"--request-timeout\n0\n--idle-timeout=1h", "--idle-timeout\n-1s", "--request-timeout=1001h", "--share-port", "--until-eof", "--plan", "plan\n2\n9901",
		"--allow\n10.0.0.0/8,192.168.1.7", "--allow=fd00::/8,::1", "--allow\n10.0.0.0/33", "--allow=,", "--allow\n1.2.3.4\x1b/8", "--proxy-protocol\n10.0.1.1",
		"--listen\n127.0.0.1:0\n--listen=unix:/run/a", "--listen\n[::]:1\n--listen\n0.0.0.0:1", "--listen=unix:@a", "--listen=unix:\x00",
		"--listen\n[fe80::1%lo]:1\n--port\n1", "--listen=unix:\x1b[31m\n2\n3", "--unix-mode\n0600", "--unix-mode=-1", "--unix-mode=8",
		"--admin\n127.0.0.1:9901", "--admin=unix:/a\n--listen=unix:/a", "--admin=unix:\x1b", "--admin=0.0.0.0:9900", "--admin\n[::]:1\n--host=\x00",
		"--oip-http\n127.0.0.1:8000\n--oip-grpc=127.0.0.1:8001", "--oip-http=unix:/a\n--oip-grpc=unix:/a", "--oip-grpc\n0.0.0.0:9900", "--oip-http=\x00",
		"--log-format=json\n--log-level\ndebug", "--log-level=\x1b",
		"help", "version", "--version", "plan\nplan", "port\n9900", "2\n9901\n--port\n9900", "--no-such", "--port\n-1", "--port\n0x10", "--port\n+1", "--dim\n1e3", "--no\x1b[31m", "--port\n\x00", "\x80", "--\xff=1", "2\n3\n\r",
	} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, input string) {
		o, err := commandLine(strings.Split(input, "\n"))
		switch {
		case errors.Is(err, flags.ErrHelp), errors.Is(err, flags.ErrVersion):
			return
		case err == nil:
			if wrong := outOfRange(o); wrong != nil {
				t.Fatalf("%q is accepted: %v", input, wrong)
			}
			wrong := unfit(o.cfg)
			if wrong == nil {
				return
			}
			if err = refusal(o.cfg); err == nil {
				t.Fatalf("%q starts a server: %v", input, wrong)
			}
		}
		if said := err.Error(); said == "" || strings.ContainsFunc(said, unicode.IsControl) {
			t.Fatalf("%q is refused with %q, which is not a line", input, said)
		}
	})
}

// outOfRange returns an error if an option has a value that its flag should not allow. The
// ranges stand here once more on purpose: they are what the list of flags is checked against.
func outOfRange(o *options) error {
	c := o.cfg
	for _, r := range []struct {
		name             string
		value, low, high int
	}{
		{"port", c.Port, 0, math.MaxUint16},
		{"io-threads", c.IOThreads, 0, 256},
		{"dim", c.Dim, 0, 65_535},
		{"max-vectors", c.MaxVectors, 1, math.MaxUint16},
		{"pool-mib", c.PoolBytes, 1 << 20, 1 << 36},
		{"request-ring", c.RequestRing, 1, 1 << 24},
		{"response-ring", c.ResponseRing, 1, 1 << 24},
		{"max-conns", c.MaxConns, 1, 1 << 20},
		{"unix-mode", int(c.UnixMode), 0, 0o777},
		{"request-timeout", int(c.RequestTimeout), 0, int(1000 * time.Hour)},
		{"idle-timeout", int(c.IdleTimeout), 0, int(1000 * time.Hour)},
		{"max-conn-age", int(c.MaxConnAge), 0, int(1000 * time.Hour)},
		{"drain-delay", int(c.DrainDelay), 0, int(1000 * time.Hour)},
		{"drain-spread", int(c.DrainSpread), 0, int(1000 * time.Hour)},
		{"drain-timeout", int(c.DrainTimeout), int(time.Millisecond), int(1000 * time.Hour)},
		{"metrics-interval", int(o.interval), int(time.Millisecond), int(1000 * time.Hour)},
	} {
		if r.value < r.low || r.value > r.high {
			return fmt.Errorf("%s is %d: %d to %d are allowed", r.name, r.value, r.low, r.high)
		}
	}
	for _, addr := range c.Listen {
		if err := listen.Check(addr); err != nil {
			return fmt.Errorf("listen is %q: %w", addr, err)
		}
	}
	beside := slices.DeleteFunc([]string{o.admin, o.oipHTTP, o.oipGRPC}, func(addr string) bool { return addr == "" })
	if err := listen.CheckAll(append(slices.Clone(c.Listen), beside...)); err != nil && len(beside) > 0 {
		return fmt.Errorf("the admin port or those of the Open Inference Protocol are %q: %w", beside, err)
	}
	if c.Model == nil {
		return errors.New("there is no model")
	}
	return nil
}

// unfit returns an error if options do not fit together although each is in its range, or if
// a ring's size is not a power of two. A server must not start with them.
func unfit(c server.Config) error {
	dim := c.Dim
	if dim == 0 {
		dim = 128 // the built-in model takes any
	}
	switch {
	case c.PoolBytes/4/dim < c.MaxVectors:
		return errors.New("a request is larger than the pool")
	case 4+4*dim*c.MaxVectors > 16<<20:
		return errors.New("a request is larger than 16 MiB")
	case c.RequestRing < c.IOThreads:
		return errors.New("an I/O thread has no slot")
	case c.RequestRing&(c.RequestRing-1) != 0, c.ResponseRing&(c.ResponseRing-1) != 0:
		return errors.New("a ring's size is not a power of two")
	}
	return nil
}

// refusal returns why no server starts with c on a free port, or nil if one starts.
func refusal(c server.Config) error {
	c.Host, c.Port, c.Listen = "127.0.0.1", 0, nil
	s, err := server.Start(context.Background(), c)
	if err == nil {
		return s.Shutdown(context.Background())
	}
	return err
}
