//go:build linux

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"go.yaml.in/yaml/v3"
)

// rule is a rule of alerts.yaml.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func readRules(t *testing.T) (rules []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	readYAML(t, "alerts.yaml", &file)
	for _, g := range file.Groups {
		rules = append(rules, g.Rules...)
	}
	return rules
}

func readYAML(t *testing.T, name string, to any) {
	t.Helper()
	text, err := os.ReadFile(name)
	check(t, err)
	check(t, yaml.Unmarshal(text, to))
}

// dashboard is what the tests read of dashboard.json.
type dashboard struct {
	Panels     []dashboardPanel
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

type dashboardPanel struct {
	ID          int
	Type, Title string
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct{ RefID, Expr string }
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	check(t, err)
	check(t, json.Unmarshal(text, &d))
	return d
}

var metricName = regexp.MustCompile(`\b(?:disrust|process|go)_\w+`)

// TestMetricNames: the rules and the dashboard ask for what a daemon has.
func TestMetricNames(t *testing.T) {
	d := daemontest.Start(t, disrust, "--port", "0", "--admin", "127.0.0.1:0")
	scrape, code := get(t, adminOf(t, d), "/metrics")
	if code != http.StatusOK {
		t.Fatalf("/metrics: %d %s", code, scrape)
	}
	has := make(map[string]bool)
	for _, name := range regexp.MustCompile(`(?m)^(?:# TYPE )?(\w+)`).FindAllSubmatch(scrape, -1) {
		has[string(name[1])] = true // of a native histogram, the text format has the type only
	}
	compare := func(place, expr string) {
		names := metricName.FindAllString(expr, -1)
		for _, name := range names {
			if !has[name] {
				t.Errorf("%s asks for %s, which no daemon has", place, name)
			}
		}
		if len(names) == 0 && !strings.Contains(expr, "up{") {
			t.Errorf("%s asks for no metric: %s", place, expr)
		}
	}
	for _, r := range readRules(t) {
		compare(r.Record+r.Alert, r.Expr)
	}
	board := readDashboard(t)
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			compare(p.Title, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		if v.Type == "query" {
			compare("the variable "+v.Name, v.Definition)
		}
	}
}

// TestRunbooks: each alert has what the one who gets it needs, and promtool sees it fire.
func TestRunbooks(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	check(t, err)
	var file struct {
		Tests []struct {
			Checks []struct {
				Alert    string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	readYAML(t, "alerts_test.yaml", &file)
	fires, rests := make(map[string]bool), make(map[string]bool)
	for _, test := range file.Tests {
		for _, c := range test.Checks {
			fires[c.Alert] = fires[c.Alert] || len(c.Expected) > 0
			rests[c.Alert] = rests[c.Alert] || len(c.Expected) == 0
		}
	}
	const page = "https://github.com/disrust/disrust/blob/main/server/deploy/README.md#"
	for _, r := range readRules(t) {
		if r.Record != "" {
			continue
		}
		if s := r.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		if r.Annotations["summary"] == "" || r.Annotations["runbook_url"] != page+strings.ToLower(r.Alert) {
			t.Errorf("%s: annotations %q", r.Alert, r.Annotations)
		}
		if !strings.Contains(string(readme), "\n### "+r.Alert+"\n") {
			t.Errorf("README.md has no heading %s", r.Alert)
		}
		if !fires[r.Alert] || !rests[r.Alert] {
			t.Errorf("alerts_test.yaml has no case in which %s fires, or none in which it does not", r.Alert)
		}
	}
}

// TestDashboard: Grafana identifies panels by their number, and does not mind if one covers another.
func TestDashboard(t *testing.T) {
	const columns = 24
	numbers, taken := make(map[int]string), make(map[[2]int]string)
	for _, p := range readDashboard(t).Panels {
		if other, double := numbers[p.ID]; double {
			t.Errorf("%s and %s have the number %d", other, p.Title, p.ID)
		}
		numbers[p.ID] = p.Title
		if (p.Type == "row") == (len(p.Targets) > 0) || p.GridPos.X+p.GridPos.W > columns {
			t.Errorf("%s: a %s with %d queries at %+v", p.Title, p.Type, len(p.Targets), p.GridPos)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other, covered := taken[at]; covered {
					t.Fatalf("%s covers %s", p.Title, other)
				}
				taken[at] = p.Title
			}
		}
	}
}
