//go:build linux && deploy

package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
)

// TestPrometheus scrapes two daemons under load, as prometheus.yaml says. Every query of the dashboard finds something,
// and no rule fails, with classic histograms and with native ones.
func TestPrometheus(t *testing.T) {
	config := promConfig(t)
	for name, p := range map[string]prometheus{
		"classic": {"127.0.99.1:9090", "disrust_request_seconds_bucket", nil},
		"native":  {"127.0.99.2:9090", "histogram_count(disrust_request_seconds)", []string{"--enable-feature=native-histograms"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // Prometheus waits for five seconds before its first scrape
			p.askAll(t, p.start(t, config))
		})
	}
}

// promConfig writes prometheus.yaml for two daemons of this machine, which clients ask until the test ends.
func promConfig(t *testing.T) (file string) {
	places := []string{"15s", "200ms"}
	for i, addr := range []string{"10.0.1.2:9901", "10.0.2.2:9901"} {
		d := daemontest.Start(t, disrust, "--port", "0", "--admin", "127.0.0.1:0", "--batch-threads", []string{"0", "1"}[i])
		places = append(places, addr, adminOf(t, d))
		c, err := client.Dial(t.Context(), client.Config{Addrs: []string{d.Addr}})
		check(t, err)
		_, stop := load(t, c)
		t.Cleanup(func() { stop(); c.Close() })
	}
	dir := t.TempDir()
	for _, name := range []string{"prometheus.yaml", "alerts.yaml"} {
		text, err := os.ReadFile(name)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.NewReplacer(places...).Replace(string(text))), 0o644))
	}
	return filepath.Join(dir, "prometheus.yaml")
}

type prometheus struct {
	addr  string
	has   string // only with its kind of histograms
	flags []string
}

func (p prometheus) start(t *testing.T, config string) *daemontest.Process {
	t.Helper()
	flags := append(p.flags, "--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+p.addr, "--log.level=warn")
	process, err := daemontest.StartProcess(exec.Command("prometheus", flags...))
	check(t, err)
	t.Cleanup(process.Kill)
	return process
}

func (p prometheus) askAll(t *testing.T, process *daemontest.Process) {
	places := strings.NewReplacer("$job", "disrust", "$instance", ".*", "$__rate_interval", "2s")
	queries := []string{p.has, "job_instance:disrust_request_seconds:p999_5m > 0"}
	for _, panel := range readDashboard(t).Panels {
		for _, target := range panel.Targets {
			queries = append(queries, places.Replace(target.Expr))
		}
	}
	if err := process.AwaitReady(func() bool {
		queries = slices.DeleteFunc(queries, p.finds)
		return len(queries) == 0
	}); err != nil {
		t.Fatalf("%v; nothing is found by %q; Prometheus says: %s", err, queries, &process.Stderr)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, State, LastError string }
		}
	}
	if !p.query("/rules", &rules) || len(rules.Groups) == 0 {
		t.Fatal("no rules")
	}
	for _, r := range rules.Groups[0].Rules {
		if r.Health != "ok" || r.State == "firing" {
			t.Errorf("%s: health %s, state %s %s", r.Name, r.Health, r.State, r.LastError)
		}
	}
}

// finds says whether Prometheus has a number, or a histogram, for an expression.
func (p prometheus) finds(expr string) bool {
	var answer struct {
		Result []struct {
			Value     [2]any
			Histogram []any
		}
	}
	return p.query("/query?query="+url.QueryEscape(expr), &answer) && len(answer.Result) > 0 &&
		(len(answer.Result[0].Histogram) > 0 || answer.Result[0].Value[1] != "NaN")
}

// query says whether Prometheus answers, and puts its answer into to.
func (p prometheus) query(path string, to any) bool {
	response, err := http.Get("http://" + p.addr + "/api/v1" + path)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	var answer struct {
		Status string
		Data   json.RawMessage
	}
	return json.NewDecoder(response.Body).Decode(&answer) == nil && answer.Status == "success" && json.Unmarshal(answer.Data, to) == nil
}
