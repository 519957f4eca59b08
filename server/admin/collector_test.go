package admin

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/metrics"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"pgregory.net/rapid"
)

// TestLint: promtool's linter finds nothing in what a scrape gets, before the server has started and
// after.
func TestLint(t *testing.T) {
	for _, source := range []*fake{{state: Starting}, {state: Ready, model: &Model{Name: "m"}}} {
		w := ask(Handler(source, Options{}), "GET", "/metrics")
		problems, err := promlint.New(w.Body).Lint()
		check(t, err)
		for _, p := range problems {
			t.Errorf("%s: %s: %s", source.state, p.Metric, p.Text)
		}
		if w.Code != 200 || w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" {
			t.Errorf("%d %q", w.Code, w.Header())
		}
	}
}

// scrape returns what a scrape gets, by name.
func scrape(t interface{ Fatal(...any) }, source Source) map[string]*dto.MetricFamily {
	w := ask(Handler(source, Options{}), "GET", "/metrics")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// TestValues draws what a server has counted. A scrape gets each value, with its type.
func TestValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := &fake{state: rapid.SampledFrom([]State{Starting, Ready, Draining, Ended}).Draw(t, "state")}
		want := make(map[string]float64)
		at := make(map[metrics.Kind]int)
		for _, m := range metrics.Table() {
			i := at[m.Kind]
			at[m.Kind]++
			value := rapid.Uint32().Draw(t, m.Name)
			want[m.Exposed] = float64(value)
			switch m.Kind {
			case metrics.Counter:
				source.now.Counters.Words()[i] = uint64(value)
			case metrics.Peak:
				source.peaks.Words()[i] = int64(value)
			default:
				source.now.Gauges.Words()[i] = -int64(value)
				want[m.Exposed] = -float64(value)
			}
		}
		got := scrape(t, source)
		for _, m := range metrics.Table() {
			family := got[m.Exposed]
			if family == nil {
				t.Fatalf("there is no %s", m.Exposed)
			}
			metric, kind := family.Metric[0], dto.MetricType_GAUGE
			value := metric.GetGauge().GetValue()
			if m.Kind == metrics.Counter {
				value, kind = metric.GetCounter().GetValue(), dto.MetricType_COUNTER
			}
			if value != want[m.Exposed] || family.GetType() != kind {
				t.Fatalf("%s is %v of type %v, want %v", m.Exposed, value, family.GetType(), want[m.Exposed])
			}
		}
		ready := 0.
		if source.state == Ready {
			ready = 1
		}
		if value := got["disrust_ready"].Metric[0].GetGauge().GetValue(); value != ready {
			t.Fatalf("%s: disrust_ready is %v", source.state, value)
		}
	})
}

// TestInfo: the labels say what the program and the model are, whatever bytes these are made of. The
// metrics of the process and of Go's runtime are there too.
func TestInfo(t *testing.T) {
	source := &fake{state: Ready, model: &Model{Name: "a\"b\n", Identity: "00ff", Format: "\xff\x00"}}
	got := scrape(t, source)
	want := map[string]string{"name": "a\"b\n", "identity": "00ff", "format": "�\x00"}
	for _, l := range got["disrust_model_info"].Metric[0].Label {
		if l.GetValue() != want[l.GetName()] {
			t.Errorf("%s is %q, want %q", l.GetName(), l.GetValue(), want[l.GetName()])
		}
		delete(want, l.GetName())
	}
	if len(want) > 0 {
		t.Errorf("labels are missing: %v", want)
	}
	for _, name := range []string{"disrust_build_info", "process_resident_memory_bytes", "go_goroutines"} {
		if got[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	if io, batch := got["disrust_io_threads"], got["disrust_batch_threads"]; io.Metric[0].GetGauge().GetValue() != 2 || batch.Metric[0].GetGauge().GetValue() != 1 {
		t.Errorf("threads: %v, %v", io, batch)
	}
	source.model = nil
	if got := scrape(t, source); got["disrust_model_info"] != nil {
		t.Error("there is a model before the server has started")
	}
}

// TestPanicInAScrape: a model that panics when it says what it is fails the scrape, and nothing else.
func TestPanicInAScrape(t *testing.T) {
	if w := ask(Handler(panicking{new(fake)}, Options{}), "GET", "/metrics"); w.Code != 500 || !strings.Contains(w.Body.String(), "a panic: of a model") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

type panicking struct{ *fake }

func (panicking) Status() Status { panic("of a model") }

func TestBuilt(t *testing.T) {
	if got := built(&debug.BuildInfo{GoVersion: "go1.26.0"}); got != (Program{Version: "(devel)", Go: "go1.26.0"}) {
		t.Errorf("%+v", got)
	}
	info := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got := built(info); got != (Program{"v1.2.3", "abc", true, "go1.26.0"}) {
		t.Errorf("%+v", got)
	}
}

// BenchmarkScrape measures what a scrape costs the process.
func BenchmarkScrape(b *testing.B) {
	h := Handler(&fake{state: Ready, model: &Model{Name: "m"}}, Options{})
	b.ReportAllocs()
	for b.Loop() {
		if w := ask(h, "GET", "/metrics"); !bytes.Contains(w.Body.Bytes(), []byte("disrust_requests_total")) {
			b.Fatal(strings.TrimSpace(w.Body.String()))
		}
	}
}
