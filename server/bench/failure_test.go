//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/serving"
	"github.com/disrust/disrust/wire"
)

// mischief changes a connection's first answer, the only one that a run is sure to wait for.
// It returns what the server sends instead. If that is empty, the server closes the
// connection.
type mischief func(response []byte) []byte

func liar(response []byte) []byte {
	response[len(response)-1] ^= 1
	return response
}

func closer([]byte) []byte { return nil }

// serve answers connections until the test ends.
func (m mischief) serve(t *testing.T) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go m.answer(conn)
		}
	}()
	return listener.Addr().String()
}

func (m mischief) answer(conn net.Conn) {
	defer conn.Close()
	var scorer serving.Scorer
	r, request := bufio.NewReader(conn), make([]byte, wire.Default.RequestBytes(1))
	for first := true; ; first = false {
		if _, err := io.ReadFull(r, request); err != nil {
			return
		}
		response := wire.AppendResponse(nil, 1, scorer.Score(request[wire.HeaderBytes:]))
		if first {
			response = m(response)
		}
		if _, err := conn.Write(response); err != nil || len(response) == 0 {
			return
		}
	}
}

// redirect makes the first times runs of a contender drive addr, although the contender's
// own server runs.
func redirect(c *contender, addr string, times int) {
	drive := c.drive
	c.drive = func(ctx context.Context, config load.Config) (sample.Total, error) {
		if times--; times >= 0 {
			config.Addr = addr
		}
		return drive(ctx, config)
	}
}

// TestPeerFails: when a peer answers wrongly or closes, the benchmark goes on. It reports the
// failure in the table, the JSON and the page, and ends with an error.
func TestPeerFails(t *testing.T) {
	folder := t.TempDir()
	raw, page := filepath.Join(folder, "runs.json"), filepath.Join(folder, "page.html")
	o, err := parseOptions(append(short, "--rounds", "2", "--peers", "gonet,gnet,disrust", "--work", "1x1,2x2", "--json", raw, "--html", page))
	if err != nil {
		t.Fatal(err)
	}
	redirect(&o.peers[1], mischief(liar).serve(t), 1)
	o.peers[1], o.peers[2] = o.peers[2], o.peers[1] // the liar is the last
	plain := o.peers[0]
	plain.name = "closer"
	redirect(&plain, mischief(closer).serve(t), 4)
	o.peers = append(o.peers, plain)
	var stdout, stderr bytes.Buffer
	err = benchmark(t.Context(), o, "bench", &stdout, &stderr)
	const lied = `FAILED \(rounds: 1 of 2\): connection 1: answered wrongly: byte 7 of response 1 is .*, 1 wrongly, 0 not; the server said nothing`
	const closed = `FAILED \(rounds: 2 of 2\): connection .: closed after 0 of . responses?; .*; the server said nothing`
	want := `^1x1, gnet: ` + lied + "\n1x1, closer: " + closed + "\n2x2, closer: " + closed + "$"
	if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
		t.Errorf("the error is %v", err)
	}
	for _, row := range []string{`1x1 +gnet +\d.*% \*? *` + lied, "1x1 +closer +" + closed, "2x2 +closer +" + closed, `2x2 +gnet +\d.*%( \*)?`} {
		if !regexp.MustCompile("(?m)^" + row + "$").MatchString(stdout.String()) {
			t.Errorf("the table has no %q:\n%s", row, &stdout)
		}
	}
	report := read(t, raw)
	if len(report.Runs) != 2*2*3-1 || len(report.Failures) != 1+4 || report.Ended != "" {
		t.Errorf("there are %d runs and %d failures; ended early: %q", len(report.Runs), len(report.Failures), report.Ended)
	}
	if f := report.Failures[0]; f.Work != "1x1" || f.Peer != "gnet" || f.Round != 1 || !strings.Contains(f.Why, "answered wrongly") {
		t.Errorf("the first failure is %+v", f)
	}
	checkTable(t, &report, stdout.String())
	checkPage(t, &report, page)
}

// TestVitalFails: when disrust or the first peer answers wrongly or closes, also while the
// first peer's peak is measured, the benchmark ends at once. It says so above the table.
func TestVitalFails(t *testing.T) {
	for _, c := range []struct {
		peers, work string
		which       int
		mischief    mischief
		want        string
		runs        int
	}{
		{"gonet,disrust,gnet", "1x1,2x2", 0, liar, "1x1, round 1: gonet: connection 1: answered wrongly: ", 0},
		{"gonet,disrust,gnet", "1x1,2x2", 1, liar, "1x1, round 1: disrust: connection 1: answered wrongly: ", 1},
		{"gonet,gnet,disrust", "1x1,2x2", 2, closer, "1x1, round 1: disrust: connection 1: closed after 0 of 1 response;", 2},
		{"gnet,disrust", "rate:half", 0, closer, "rate:half: peak: gnet: connection ", 0},
	} {
		folder := t.TempDir()
		raw, page := filepath.Join(folder, "runs.json"), filepath.Join(folder, "page.html")
		o, err := parseOptions(append(short, "--rounds", "2", "--peers", c.peers, "--work", c.work, "--json", raw, "--html", page))
		if err != nil {
			t.Fatal(err)
		}
		redirect(&o.peers[c.which], c.mischief.serve(t), 100)
		var stdout, stderr bytes.Buffer
		err = benchmark(t.Context(), o, "bench", &stdout, &stderr)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: the error is %v", c.want, err)
			continue
		}
		report := read(t, raw)
		if !strings.Contains(stdout.String(), "\nENDED EARLY: "+err.Error()+"\n") || report.Ended != err.Error() || len(report.Runs) != c.runs {
			t.Errorf("%s: %d runs; ended early: %q; the table is\n%s", c.want, len(report.Runs), report.Ended, &stdout)
		}
		checkTable(t, &report, stdout.String())
		checkPage(t, &report, page)
	}
}

// TestBrief: an error quotes no more than the beginning of a server's stderr.
func TestBrief(t *testing.T) {
	long := strings.Repeat("x", maxWords)
	for words, want := range map[string]string{"": "nothing", "a\nb": `"a\nb"`, long: `"` + long + `"`, long + "y": `"` + long + `..."`} {
		if got := brief(words); got != want {
			t.Errorf("of %q: %s", words, got)
		}
	}
}
