//go:build linux

package daemontest_test

import (
	"context"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client"
)

// TestRefusals: client/README.md says for each refusal what the client's error contains, what the
// daemon counts, and what it logs. The daemon runs with the flags; without a list of them, none runs.
func TestRefusals(t *testing.T) {
	page, err := os.ReadFile("../../client/README.md")
	check(t, err)
	for row, test := range map[string]struct {
		flags []string
		cfg   client.Config
	}{
		"| `connection refused` | |":                                {},
		"| `closed before its welcome` | counts `denied`":           {flags: []string{"--allow", "10.0.0.0/8"}},
		"| `closed before its welcome` | counts `protocol_errors`,": {flags: []string{"--proxy-protocol", "127.0.0.0/8"}},
		"| `closed before its welcome` | counts `refused`":          {flags: []string{"--max-conns", "1"}},
		"| `serves dim 128 and not 4` | counts `refused_hellos`,":   {flags: []string{}, cfg: client.Config{Dim: 4}},
		"| `lost while waiting for the answer`, in version 1 | counts `protocol_errors`,": {
			flags: []string{}, cfg: client.Config{Version: 1, Dim: 1},
		},
	} {
		t.Run(row, func(t *testing.T) {
			_, rest, found := strings.Cut(string(page), "\n"+row)
			if !found {
				t.Fatal("client/README.md has no such row")
			}
			rest, _, _ = strings.Cut(rest, " |")
			refusal(t, test.flags, test.cfg, regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row+rest, -1))
		})
	}
}

// refusal checks that a client gets an error with the first text. The second is what the daemon
// counts, and the third what it logs; either may be missing.
func refusal(t *testing.T, flags []string, cfg client.Config, texts [][]string) {
	t.Helper()
	if flags == nil {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		listener.Close()
		cfg.Addrs = []string{listener.Addr().String()}
		if err := ask(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), texts[0][1]) {
			t.Errorf("the client says: %v", err)
		}
		return
	}
	d := start(t, append(flags, "--port", "0", "--io-threads", "1", "--metrics")...)
	first, err := net.Dial("tcp", d.Addr) // takes the only place of --max-conns 1
	check(t, err)
	defer first.Close()
	cfg.Addrs = []string{d.Addr}
	if err := ask(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), texts[0][1]) {
		t.Errorf("the client says: %v", err)
	}
	first.Close()
	d.Signal(syscall.SIGTERM)
	d.Status(t)
	if counted := regexp.MustCompile(` ` + texts[1][1] + `=[1-9]`); !counted.MatchString(d.Stdout.String()) {
		t.Errorf("the daemon does not count %s: %s", texts[1][1], &d.Stdout)
	}
	if len(texts) > 2 && !strings.Contains(d.Stderr.String(), texts[2][1]) {
		t.Errorf("the daemon does not log %q: %s", texts[2][1], &d.Stderr)
	}
}

// ask starts calls of one feature that is 1, and returns the first error. Of so many calls a
// server of another dim takes one feature for a count, which is above every limit.
func ask(ctx context.Context, cfg client.Config) error {
	c, err := client.Dial(ctx, cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	calls := make([]*client.Call, 100)
	for i := range calls {
		calls[i] = &client.Call{Dst: make([]float32, 1), Rows: []float32{1}, Done: make(chan *client.Call, 1)}
		c.Start(calls[i])
	}
	for _, call := range calls {
		if err := call.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}
