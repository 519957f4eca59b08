//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/oip"
)

var oipLine = regexp.MustCompile(`, Open Inference Protocol over HTTP (\S+) and gRPC (\S+)\n`)

// oipOf returns the ports of the Open Inference Protocol that the ready line of a daemon names.
func oipOf(t *testing.T, d *daemontest.Daemon) (overHTTP, overGRPC string) {
	t.Helper()
	line := oipLine.FindStringSubmatch(d.Ready)
	if line == nil {
		t.Fatalf("the ready line names no ports: %s", d.Ready)
	}
	return line[1], line[2]
}

// get asks for a path over HTTP, at an address as a flag takes it.
func get(addr, method, path, body string) (status int, answer string, err error) {
	transport := &http.Transport{DisableKeepAlives: true}
	host := addr
	if path, isUnix := strings.CutPrefix(addr, "unix:"); isUnix {
		host = "localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	r, err := http.NewRequest(method, "http://"+host+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	w, err := transport.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	return w.StatusCode, string(text), err
}

// wantOIP expects a status of a port.
func wantOIP(t *testing.T, addr, method, path, body string, status int) string {
	t.Helper()
	got, answer, err := get(addr, method, path, body)
	if err != nil || got != status {
		t.Errorf("%s %s: %d, %v, want %d: %s", method, path, got, err, status, answer)
	}
	return answer
}

// oneRow is a request of one row of the model sum with --dim 2.
const oneRow = `{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2]}]}`

// TestOIP: the daemon serves the model on both ports, which show nothing of the admin port, counts what they are asked,
// and ends them with itself.
func TestOIP(t *testing.T) {
	d := start(t, "--dim", "2", "--admin", "127.0.0.1:0", "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0")
	overHTTP, overGRPC := oipOf(t, d)
	if answer := wantOIP(t, overHTTP, "POST", "/v2/models/sum/infer", oneRow, 200); !strings.Contains(answer, `"data":[3]`) {
		t.Error(answer)
	}
	wantOIP(t, overHTTP, "POST", "/v2/models/another/infer", oneRow, 404)
	for _, path := range []string{"/readyz", "/metrics", "/status", "/debug/pprof/"} {
		wantOIP(t, overHTTP, "GET", path, "", 404)
	}
	now := adminOf(t, d.Process).scrape(t)
	if now["disrust_oip_http_requests_total"] != 2 || now["disrust_oip_http_failures_total"] != 1 || now["disrust_oip_grpc_requests_total"] != 0 || now["disrust_requests_total"] != 0 {
		t.Errorf("counted %v", now)
	}
	rawtest.Check(t, d.Signal(syscall.SIGTERM))
	if status := d.Status(t); status != 0 {
		t.Errorf("status %d, stderr %s", status, &d.Stderr)
	}
	for _, addr := range []string{overHTTP, overGRPC} {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			t.Errorf("%s outlives the daemon", addr)
		}
	}
}

// TestOIPUnix: a Unix socket has its mode, goes with the daemon, and may be taken over. JSON names the ports.
func TestOIPUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oip.sock")
	flags := []string{"--dim", "2", "--share-port", "--unix-mode", "0600", "--oip-http", "unix:" + path}
	old := start(t, flags...)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	successor := start(t, append(flags, "--port", old.Port())...)
	rawtest.Check(t, old.Signal(syscall.SIGTERM))
	if status := old.Status(t); status != 0 {
		t.Error(status)
	}
	wantOIP(t, "unix:"+path, "POST", "/v2/models/sum/infer", oneRow, 200)
	rawtest.Check(t, successor.Signal(syscall.SIGTERM))
	successor.Status(t)
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket's file outlives the daemon")
	}
	_, ready := startJSON(t, small("--log-format", "json", "--oip-grpc", "127.0.0.1:0")...)
	if !strings.HasPrefix(ready.OIPGRPC, "127.0.0.1:") || ready.OIPHTTP != "" {
		t.Error(ready)
	}
}

// TestOIPRestart: a successor that shares the ports serves when the first daemon has drained.
func TestOIPRestart(t *testing.T) {
	old := start(t, "--dim", "2", "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0", "--share-port")
	overHTTP, overGRPC := oipOf(t, old)
	wantRefused(t, environment, []string{"--port", "0", "--oip-http", overHTTP}, "--oip-http "+overHTTP, "in use")
	wantRefused(t, environment, []string{"--share-port", "--host", "localhost", "--port", old.Port(), "--oip-http", "127.0.0.1:" + old.Port()}, "--oip-http", "twice")
	start(t, "--dim", "2", "--port", old.Port(), "--oip-http", overHTTP, "--oip-grpc", overGRPC, "--share-port")
	rawtest.Check(t, old.Signal(syscall.SIGTERM))
	old.Status(t)
	wantOIP(t, overHTTP, "POST", "/v2/models/sum/infer", oneRow, 200)
}

// TestOIPReloads: the ports follow a reload, and readiness goes when the drain begins.
func TestOIPReloads(t *testing.T) {
	m := serveCopy(t, "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0", "--drain-delay", "1h")
	overHTTP, _ := oipOf(t, m.d)
	rows := goldentest.ReadArray(t, filepath.Join(filepath.Dir(modelA), "rows.npy"))
	row := strings.ReplaceAll(fmt.Sprint(rows.Data[:rows.Columns]), " ", ",")
	request := fmt.Sprintf(`{"inputs":[{"name":"features","datatype":"FP32","shape":[1,%d],"data":%s}]}`, rows.Columns, row)
	before := wantOIP(t, overHTTP, "POST", "/v2/models/model/infer", request, 200)
	m.put(modelB)
	m.hangUp(swappedLine)
	if after := wantOIP(t, overHTTP, "POST", "/v2/models/model/infer", request, 200); after == before {
		t.Errorf("after the reload the answer is still %s", before)
	}
	wantOIP(t, overHTTP, "GET", "/v2/health/ready", "", 200)
	rawtest.Check(t, m.d.Signal(syscall.SIGTERM))
	rawtest.Until(t, "it is not ready", func() bool {
		status, _, _ := get(overHTTP, "GET", "/v2/health/ready", "")
		return status == 503
	})
	wantOIP(t, overHTTP, "POST", "/v2/models/model/infer", request, 200) // during the delay
	m.d.Kill()
}

// TestOIPTaken: an address that is taken, or not here, is refused before the model is loaded.
func TestOIPTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	rawtest.Check(t, err)
	defer l.Close()
	for _, flag := range []string{"--oip-http", "--oip-grpc"} {
		wantRefused(t, environment, []string{"--port", "0", flag, l.Addr().String(), "--model", "nosuch.txt"}, flag+" "+l.Addr().String(), "in use")
		wantRefused(t, environment, []string{"--port", "0", flag, "not.a.host.invalid:1"}, flag+" not.a.host.invalid:1", "resolve")
	}
}

// TestOIPAllow: --allow concerns the ports.
func TestOIPAllow(t *testing.T) {
	d := start(t, "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0", "--allow", "10.0.0.0/8")
	overHTTP, _ := oipOf(t, d)
	if status, _, err := get(overHTTP, "GET", "/v2", ""); err == nil {
		t.Errorf("a peer that is not allowed gets %d", status)
	}
}

// TestOIPInPlan: the plan counts the ports.
func TestOIPInPlan(t *testing.T) {
	with, without := planOf(t, "plan", "--oip-http", "127.0.0.1:8000", "--oip-grpc", "127.0.0.1:8001"), planOf(t, "plan")
	for _, protocol := range []string{"HTTP", "gRPC"} {
		line := regexp.MustCompile(`Open Inference Protocol over ` + protocol + `, about .*--oip-` + strings.ToLower(protocol) + `\n`)
		if !line.MatchString(with) || strings.Contains(without, "Open") {
			t.Errorf("with the ports:\n%s\nwithout:\n%s", with, without)
		}
	}
}

// TestOIPMemory: the largest requests, more of them at once than a port reads, take no more than the plan has.
func TestOIPMemory(t *testing.T) {
	const dim, rows = 32, oip.MaxAnswerBytes / 4
	d := start(t, "--dim", fmt.Sprint(dim), "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0")
	overHTTP, _ := oipOf(t, d)
	before, err := d.Usage()
	rawtest.Check(t, err)
	text := fmt.Sprintf(`{"inputs":[{"name":"features","datatype":"FP32","shape":[%d,%d],"data":[0%s]}]}`, rows, dim, strings.Repeat(",0", dim*rows-1))
	text += strings.Repeat(" ", oip.MaxRequestBytes-len(text))
	var clients sync.WaitGroup
	for range 6 {
		clients.Go(func() {
			if status, answer, err := get(overHTTP, "POST", "/v2/models/sum/infer", text); err != nil || status != 200 || len(answer) < 2*rows {
				t.Errorf("%d, %v, %d bytes", status, err, len(answer))
			}
		})
	}
	clients.Wait()
	after, err := d.Usage()
	rawtest.Check(t, err)
	if took := after.PeakBytes - before.PeakBytes; took > oipBytes || took < oip.MaxRequestBytes {
		t.Errorf("the port took %d MiB, and the plan has %d", took>>20, oipBytes>>20)
	}
}
