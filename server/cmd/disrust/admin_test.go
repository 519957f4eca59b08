//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/metrics"
)

// adminPort asks the admin port of a daemon.
type adminPort struct{ *http.Client }

var adminLine = regexp.MustCompile(`(?m)^disrust: admin port on (\S+)\n`)

// adminOf returns the admin port that a daemon has said it has.
func adminOf(t *testing.T, p *daemontest.Process) adminPort {
	t.Helper()
	return adminAt(t, adminAddr(t, p))
}

// adminAddr returns the address of that port. The daemon names it before it is ready.
func adminAddr(t *testing.T, p *daemontest.Process) string {
	t.Helper()
	said := p.Stderr.String()
	line := adminLine.FindStringSubmatchIndex(said)
	if line == nil {
		t.Fatalf("there is no line with the admin port: %s", said)
	}
	if ready := strings.Index(said, "disrust: ready"); ready >= 0 && ready < line[0] {
		t.Errorf("the admin port opens after the server is ready: %s", said)
	}
	return said[line[2]:line[3]]
}

// adminAt returns the admin port at an address as --admin takes it.
func adminAt(t *testing.T, addr string) adminPort {
	network, addr := "tcp", addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return adminPort{&http.Client{Transport: transport}}
}

// ask returns the status and the body of an answer.
func (a adminPort) ask(method, path string) (status int, body string, err error) {
	request, err := http.NewRequest(method, "http://localhost"+path, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := a.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// want fails the test unless a GET is answered with this status. It returns the body.
func (a adminPort) want(t *testing.T, path string, status int) string {
	t.Helper()
	got, body, err := a.ask("GET", path)
	if err != nil || got != status {
		t.Errorf("%s: %d, %v, want %d: %s", path, got, err, status, body)
	}
	return body
}

// eachAdmin runs test with each backend and each kind of address of the admin port.
func eachAdmin(t *testing.T, test func(t *testing.T, at string, flags []string)) {
	for io := range rawtest.Backends {
		t.Run(io+" tcp", func(t *testing.T) { test(t, "127.0.0.1:0", []string{"--io", io, "--admin", "127.0.0.1:0"}) })
		t.Run(io+" unix", func(t *testing.T) {
			at := "unix:" + t.TempDir() + "/admin.sock"
			test(t, at, []string{"--io", io, "--admin", at, "--unix-mode", "0600"})
		})
	}
}

// TestAdminLife follows /readyz from before the daemon is ready to the end of its drain, which a client
// holds up. /livez says all the time that the process lives.
func TestAdminLife(t *testing.T) {
	eachAdmin(t, func(t *testing.T, at string, flags []string) {
		port, addr, d := startHeld(t, flags)
		if body := port.want(t, "/readyz", 200); body != "ready\n" {
			t.Errorf("/readyz says %q", body)
		}
		if path, ok := strings.CutPrefix(at, "unix:"); ok {
			if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the socket's file is %v, %v", info, err)
			}
		}
		holds := dial(t, addr)
		rawtest.Check(t, holds.Send(rawtest.Hello(0, 0, 0, 0, "")))
		rawtest.Check(t, holds.Expect(rawtest.Welcome(0, 128, 1, 1, 64, "sum", "")))
		rawtest.Check(t, d.Signal(syscall.SIGTERM))
		rawtest.Check(t, holds.Expect(rawtest.GoingAway()))
		if body := port.want(t, "/readyz", 503); body != "draining\n" {
			t.Errorf("in the drain /readyz says %q", body)
		}
		port.want(t, "/livez", 200)
		port.want(t, "/metrics", 200)
		rawtest.Check(t, errors.Join(holds.CloseWrite(), holds.ExpectEOF(), holds.Close()))
		if status := d.Status(t); status != 0 {
			t.Errorf("status %d, stderr %s", status, d.Stderr.String())
		}
		if _, _, err := port.ask("GET", "/livez"); err == nil {
			t.Error("the admin port outlives the daemon")
		}
		wantNoFiles(t, strings.TrimPrefix(at, "unix:"))
	})
}

// startHeld starts a daemon whose start is held up until /readyz has said so. It is held up by a lock on
// the folder of the socket that it is to serve. The daemon waits for such a lock for two seconds only: a test
// that was too slow for that tries again.
func startHeld(t *testing.T, flags []string) (port adminPort, addr string, p *daemontest.Process) {
	t.Helper()
	for {
		folder, err := os.Open(t.TempDir())
		rawtest.Check(t, err)
		defer folder.Close()
		rawtest.Check(t, syscall.Flock(int(folder.Fd()), syscall.LOCK_EX))
		addr = "unix:" + folder.Name() + "/a"
		p, err = daemontest.StartProcess(exec.Command(daemon, smallAt(append(slices.Clone(flags), "--listen", addr)...)[1:]...))
		rawtest.Check(t, err)
		t.Cleanup(p.Kill)
		rawtest.Check(t, p.AwaitReady(func() bool { return adminLine.MatchString(p.Stderr.String()) }))
		port = adminOf(t, p)
		status, body, err := port.ask("GET", "/readyz")
		live, _, _ := port.ask("GET", "/livez")
		rawtest.Check(t, folder.Close())
		err = errors.Join(err, p.AwaitReady(func() bool { return strings.Contains(p.Stderr.String(), "disrust: ready") }))
		if err != nil && strings.Contains(p.Stderr.String(), "cannot lock") {
			continue
		}
		rawtest.Check(t, err)
		if status != 503 || body != "starting\n" || live != 200 {
			t.Errorf("before the daemon is ready, /readyz is %d %q and /livez %d", status, body, live)
		}
		return port, addr, p
	}
}

// TestAdminMetrics: a scrape and /status count what clients have asked, and say what serves them, in
// every placement on both backends.
func TestAdminMetrics(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		d := start(t, append(flags, "--admin", "127.0.0.1:0", "--model", testModel, "--allow", "127.0.0.0/8")...)
		port := adminOf(t, d.Process)
		before := port.scrape(t)
		c := dial(t, d.Addr)
		const requests = 30
		zeros := make([]byte, 4*8)
		for range requests {
			rawtest.Check(t, c.Send(append(rawtest.Header(1), zeros...)))
			rawtest.Check(t, c.Receive(make([]byte, 8)))
		}
		var after map[string]float64
		rawtest.Until(t, "the threads have counted what they answered", func() bool { // each counts when it is done
			after = port.scrape(t)
			return after["disrust_answers_total"] == requests && after["disrust_rows_total"]-before["disrust_rows_total"] >= requests
		})
		for name, grown := range map[string]float64{"requests_total": requests, "rows_total": requests, "connections_accepted_total": 1, "conns": 1, "hellos_total": 0} {
			if got := after["disrust_"+name] - before["disrust_"+name]; got != grown {
				t.Errorf("%s grew by %v, want %v", name, got, grown)
			}
		}
		if after["disrust_ready"] != 1 {
			t.Error("disrust_ready is not 1")
		}

		var status admin.Status
		rawtest.Check(t, json.Unmarshal([]byte(port.want(t, "/status", 200)), &status))
		if status.State != admin.Ready || status.Started == nil || status.Program.Version == "" || !slices.Equal(status.Addresses, d.Addrs) {
			t.Errorf("/status says %+v", status)
		}
		for name, want := range map[string]string{"batch-threads": flags[1], "io-threads": flags[3], "io": flags[5], "allow": "127.0.0.0/8", "model": testModel} {
			if got := status.Flags[name]; got != want {
				t.Errorf("--%s is %q, want %q", name, got, want)
			}
		}
		if backend := map[string]string{"uring": "io_uring", "epoll": "epoll"}[flags[5]]; status.IO.Backend != backend || status.IO.Reason != "" {
			t.Errorf("/status says %+v, want %s", status.IO, backend)
		}
		if got := fmt.Sprint(status.Threads.Batch, status.Threads.IO); got != flags[1]+" "+flags[3] {
			t.Errorf("batch and I/O threads are %s", got)
		}
		file, err := filepath.Abs(testModel)
		rawtest.Check(t, err)
		if m := status.Model; m == nil || m.Name != "model" || m.Source != file || len(m.Identity) != 64 || m.Format != "LightGBM text v4" || m.Dim != 8 || m.About == "" {
			t.Errorf("the model is %+v", m)
		}
		if !strings.Contains(port.want(t, "/metrics", 200), `disrust_model_info{format="LightGBM text v4",identity="`+status.Model.Identity+`",name="model"} 1`) {
			t.Error("a scrape does not name the model")
		}
		if status.Counters["requests"] != requests {
			t.Errorf("/status counts %d requests", status.Counters["requests"])
		}
	})
}

// scrape returns the values of a scrape that have no labels.
func (a adminPort) scrape(t *testing.T) map[string]float64 {
	t.Helper()
	values := make(map[string]float64)
	for line := range strings.Lines(a.want(t, "/metrics", 200)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			number, err := strconv.ParseFloat(value, 64)
			if err != nil && !strings.Contains(name, "{") {
				t.Errorf("%q is no sample", line)
			}
			values[name] = number
		}
	}
	for _, m := range metrics.Table() {
		if _, ok := values[m.Exposed]; !ok {
			t.Errorf("a scrape lacks %s", m.Exposed)
		}
	}
	return values
}

// TestAdminSaysWhyEpoll: where io_uring is refused, /status says why.
func TestAdminSaysWhyEpoll(t *testing.T) {
	d := daemontest.Start(t, refusals[0].refusal.Under(small("--admin", "127.0.0.1:0")...)...)
	var status admin.Status
	rawtest.Check(t, json.Unmarshal([]byte(adminOf(t, d.Process).want(t, "/status", 200)), &status))
	if status.IO.Backend != "epoll" || !strings.Contains(status.IO.Reason, refusals[0].cause) {
		t.Errorf("%+v", status.IO)
	}
}

// TestAdminProfiles: what go tool pprof asks for is there.
func TestAdminProfiles(t *testing.T) {
	port := adminOf(t, start(t, "--admin", "127.0.0.1:0").Process)
	for _, path := range []string{"heap", "goroutine", "profile?seconds=1", "trace?seconds=0.1"} {
		if body := port.want(t, "/debug/pprof/"+path, 200); len(body) == 0 {
			t.Errorf("%s is empty", path)
		}
	}
	if body := port.want(t, "/debug/pprof/cmdline", 200); !strings.HasPrefix(body, daemon+"\x00") {
		t.Errorf("the command line is %q", body)
	}
	port.want(t, "/debug/pprof/", 200)
	port.want(t, "/debug/pprof/nosuch", 404)
}

// TestAdminUnderLoad scrapes while clients score: no answer is lost or wrong, and the memory stays within
// the plan.
func TestAdminUnderLoad(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		flags = append(flags, "--admin", "127.0.0.1:0")
		d := start(t, flags...)
		port, stop := adminOf(t, d.Process), make(chan struct{})
		var clients, scrapers sync.WaitGroup
		for client := range 4 {
			c := dial(t, d.Addr)
			clients.Go(func() {
				for seq := 0; ; seq++ {
					select {
					case <-stop:
						return
					default:
					}
					if err := roundTrip(c, rawtest.Source{Dim: 128, Client: client}, seq); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range 5 {
			scrapers.Go(func() {
				for range 10 {
					port.want(t, "/status", 200)
					port.want(t, "/metrics", 200)
				}
			})
		}
		scrapers.Wait()
		close(stop)
		clients.Wait()
		u, err := d.Usage()
		rawtest.Check(t, err)
		if budget := budgetOf(t, flags...); uint64(u.PeakBytes) > budget.Start()+4*budget.Conn {
			t.Errorf("%d KiB resident, want at most %d", u.PeakBytes>>10, (budget.Start()+4*budget.Conn)>>10)
		}
	})
}

// TestAdminCrowd: more connections than the admin port allows, which all ask for its largest answers at
// once, take no more memory than the plan has for it.
func TestAdminCrowd(t *testing.T) {
	d := start(t, "--admin", "127.0.0.1:0")
	port := adminOf(t, d.Process)
	before := d.ResidentBytes(t)
	rawtest.Check(t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", d.Pid()), []byte("5"), 0)) // the peak begins here (proc_pid_clear_refs(5))
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for _, path := range []string{"/metrics", "/status", "/history", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap", "/metrics"} {
				status, _, err := port.ask("GET", path)
				if taken := status == 503 && strings.HasPrefix(path, "/debug"); err != nil || status != 200 && !taken {
					t.Errorf("%s: %d, %v", path, status, err)
				}
			}
		})
	}
	all.Wait()
	u, err := d.Usage()
	rawtest.Check(t, err)
	if u.PeakBytes-before > adminBytes {
		t.Errorf("the admin port took %d KiB, and the plan has %d", (u.PeakBytes-before)>>10, adminBytes>>10)
	}
}

// TestAdminRefused: an address that cannot be had is an error that names the flag.
func TestAdminRefused(t *testing.T) {
	d := start(t, "--admin", "127.0.0.1:0")
	_, number, _ := net.SplitHostPort(adminLine.FindStringSubmatch(d.Stderr.String())[1])
	wantRefused(t, environment, []string{"--port", "0", "--admin", "127.0.0.1:" + number}, "--admin 127.0.0.1:"+number, "in use")
	wantRefused(t, environment, []string{"--port", "0", "--share-port", "--admin", "127.0.0.1:" + number}, "--admin", "in use")
	wantRefused(t, environment, []string{"--port", "0", "--admin", "not.a.host.invalid:1"}, "--admin not.a.host.invalid:1", "resolve")
	path := t.TempDir() + "/a"
	wantRefused(t, environment, []string{"--port", "0", "--admin", "unix:" + path + "/none"}, "--admin unix:"+path, "no such file")
	rawtest.Check(t, os.WriteFile(path, nil, 0o600))
	wantRefused(t, environment, []string{"--port", "0", "--admin", "unix:" + path}, "--admin unix:"+path, "no socket")
	wantRefused(t, usage, []string{"--admin", "127.0.0.1:9900"}, "--admin 127.0.0.1:9900", "twice")
	wantRefused(t, usage, []string{"--host", "0.0.0.0", "--port", "1", "--admin", "127.0.0.1:1"}, "--admin", "0.0.0.0:1")
	wantRefused(t, usage, []string{"--listen", "unix:/a", "--admin", "unix:/a"}, "--admin", "unix:/a", "twice")
	wantRefused(t, usage, []string{"--share-port", "--admin", "unix:/" + strings.Repeat("a", 100)}, "--admin", "98", "101")
}

// TestAdminSuccessor: with --share-port a daemon takes over the Unix socket of the one before, whose end
// leaves it alone. A killed daemon's socket is replaced.
func TestAdminSuccessor(t *testing.T) {
	at := "unix:" + t.TempDir() + "/a"
	old := start(t, "--admin", at)
	successor := start(t, "--port", old.Port(), "--share-port", "--admin", at)
	rawtest.Check(t, old.Signal(syscall.SIGTERM))
	if status := old.Status(t); status != 0 {
		t.Errorf("status %d, stderr %s", status, old.Stderr.String())
	}
	adminAt(t, at).want(t, "/readyz", 200)
	wantRefused(t, environment, []string{"--port", "0", "--admin", at}, at, "served by another process")
	successor.Kill()
	adminOf(t, start(t, "--admin", at).Process).want(t, "/readyz", 200)
}

// TestAdminAgent: HAProxy's agent-check gets its line over a real daemon's port.
func TestAdminAgent(t *testing.T) {
	d := start(t, "--admin", "127.0.0.1:0")
	c := dial(t, adminLine.FindStringSubmatch(d.Stderr.String())[1])
	rawtest.Check(t, errors.Join(c.Send([]byte("agent\n")), c.Expect([]byte("ready\n")), c.ExpectEOF()))
}

// TestNoAdmin: without the flag the daemon listens nowhere else.
func TestNoAdmin(t *testing.T) {
	d := start(t)
	if adminLine.MatchString(d.Stderr.String()) {
		t.Error(d.Stderr.String())
	}
}

// TestAdminInPlan: the plan counts the admin port.
func TestAdminInPlan(t *testing.T) {
	with, without := planOf(t, "plan", "--admin", "127.0.0.1:0"), planOf(t, "plan")
	if !regexp.MustCompile(`admin port, about .*--admin\n`).MatchString(with) || strings.Contains(without, "admin") {
		t.Errorf("with --admin:\n%s\nwithout:\n%s", with, without)
	}
}
