package admin

import (
	"bytes"
	"io"
	"maps"
	"math"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/server/metrics"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"pgregory.net/rapid"
)

// scrapeNative returns what a scrape gets that asks for Prometheus' protocol buffers, by name.
func scrapeNative(t interface{ Fatal(...any) }, source Source) map[string]*dto.MetricFamily {
	r := httptest.NewRequest("GET", "/metrics", nil)
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	r.Header.Set("Accept", string(format))
	w := httptest.NewRecorder()
	Handler(source, Options{}).ServeHTTP(w, r)
	families, from := make(map[string]*dto.MetricFamily), expfmt.NewDecoder(w.Body, format)
	for {
		family := new(dto.MetricFamily)
		if err := from.Decode(family); err == io.EOF {
			return families
		} else if err != nil {
			t.Fatal(err)
		}
		families[family.GetName()] = family
	}
}

// drawHistogram draws a histogram, with values at the ends of classic buckets among others, and its values.
func drawHistogram(t *rapid.T, to *metrics.Histogram) (values []uint64) {
	for range rapid.IntRange(0, 30).Draw(t, "values") {
		value := rapid.Uint64Range(0, 1<<rapid.IntRange(0, 40).Draw(t, "bits")).Draw(t, "value")
		if rapid.Bool().Draw(t, "at an end") {
			value = 1000 << rapid.IntRange(0, 24).Draw(t, "end") >> rapid.IntRange(0, 1).Draw(t, "half")
		}
		times := rapid.Uint64Range(1, 10).Draw(t, "times")
		to.Add(value, times)
		values = append(values, slices.Repeat([]uint64{value}, int(times))...)
	}
	slices.Sort(values)
	return values
}

// TestHistograms: a scrape in the text format gets classic buckets, one in protocol buffers native ones too. Count and sum
// are exact, each classic bucket has exactly the values up to its end, and the native buckets have all values, each
// within 1/64 of any value that its bucket can stand for.
func TestHistograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, values := &fake{state: Ready}, map[string][]uint64{}
		for i := range source.stages.Stage {
			values[metrics.Stage(i).String()] = drawHistogram(t, &source.stages.Stage[i])
		}
		values["whole"] = drawHistogram(t, &source.stages.Whole)
		values["vectors"] = drawHistogram(t, &source.stages.BatchVectors)
		for kind, families := range map[string]map[string]*dto.MetricFamily{"classic": scrape(t, source), "native": scrapeNative(t, source)} {
			found := map[string]*dto.Histogram{
				"whole": families["disrust_request_seconds"].Metric[0].Histogram, "vectors": families["disrust_batch_vectors"].Metric[0].Histogram,
			}
			for _, m := range families["disrust_stage_seconds"].Metric {
				found[m.Label[0].GetValue()] = m.Histogram
			}
			if len(found) != len(values) {
				t.Fatalf("%d histograms, want %d", len(found), len(values))
			}
			for name, h := range found {
				unit := nanosecond
				if name == "vectors" {
					unit = one
				}
				checkClassic(t, name, h, values[name], unit)
				if kind == "native" {
					checkNative(t, name, h, values[name], unit)
				} else if h.Schema != nil && len(h.PositiveSpan) > 0 {
					t.Fatal("native buckets in the text format")
				}
			}
		}
	})
}

func checkClassic(t *rapid.T, name string, h *dto.Histogram, values []uint64, unit float64) {
	sum := uint64(0)
	for _, v := range values {
		sum += v
	}
	if h.GetSampleCount() != uint64(len(values)) || math.Abs(h.GetSampleSum()-float64(sum)*unit) > 1e-9*float64(sum)*unit || len(h.Bucket) < 17 {
		t.Fatalf("%s: %d values with the sum %v in %d buckets, want %d and %v", name, h.GetSampleCount(), h.GetSampleSum(), len(h.Bucket), len(values), float64(sum)*unit)
	}
	for _, b := range h.Bucket {
		if math.IsInf(b.GetUpperBound(), 1) {
			continue
		}
		end := uint64(math.Round(b.GetUpperBound() / unit))
		if unit == nanosecond && b.GetUpperBound() != float64(end)/1e9 {
			t.Fatalf("%s: the end %v has an artefact", name, b.GetUpperBound())
		}
		if want, _ := slices.BinarySearch(values, end+1); b.GetCumulativeCount() != uint64(want) {
			t.Fatalf("%s: %d values up to %v, want %d", name, b.GetCumulativeCount(), b.GetUpperBound(), want)
		}
	}
}

func checkNative(t *rapid.T, name string, h *dto.Histogram, values []uint64, unit float64) {
	if h.GetSchema() != nativeSchema {
		t.Fatalf("%s: schema %d", name, h.GetSchema())
	}
	zeros, _ := slices.BinarySearch(values, 1)
	if h.GetZeroCount() != uint64(zeros) {
		t.Fatalf("%s: %d zeros, want %d", name, h.GetZeroCount(), zeros)
	}
	left, index, count, at := values[zeros:], 0, int64(0), 0
	for _, span := range h.PositiveSpan {
		index += int(span.GetOffset())
		for range span.GetLength() {
			count += h.PositiveDelta[at]
			at++
			low, high := math.Exp2(float64(index-1)/(1<<nativeSchema)), math.Exp2(float64(index)/(1<<nativeSchema))
			for _, v := range left[:count] {
				value := float64(v) * unit
				if v <= metrics.MostRecorded && (math.Abs(low-value) > value/64 || math.Abs(high-value) > value/64) {
					t.Fatalf("%s: %v is in the bucket from %v to %v", name, value, low, high)
				}
			}
			left = left[count:]
			index++
		}
	}
	if len(left) > 0 {
		t.Fatalf("%s: %d values are in no native bucket", name, len(left))
	}
}

// TestStagesAsJSON: /stages has the buckets of all histograms, and /status their quantiles and the times of the threads, which
// /metrics has too.
func TestStagesAsJSON(t *testing.T) {
	source := &fake{state: Ready, times: []metrics.ThreadTime{{Thread: "io-0", Working: time.Second, Polling: 2 * time.Second, Asleep: 3500 * time.Millisecond}}}
	source.stages.Stage[metrics.Score].Add(1000, 99)
	source.stages.Stage[metrics.Score].Add(2_000_000, 1)
	source.stages.BatchVectors.Add(64, 5)
	h := Handler(source, Options{})
	all := decode[AllStages](t, ask(h, "GET", "/stages").Body)
	if names := slices.Sorted(maps.Keys(all.Stages)); !slices.Equal(names, []string{"read", "score", "send", "wait", "whole"}) {
		t.Errorf("stages %v", names)
	}
	score := all.Stages["score"]
	if !slices.Equal(score.Counts, []uint64{99, 1}) || len(score.UpTo) != 2 || score.UpTo[0] != 1000 || math.Abs(float64(score.UpTo[1])-2e6) > 2e6/64 || score.Sum != 2_099_000 {
		t.Errorf("score: %+v", score)
	}
	if b := all.BatchVectors; !slices.Equal(b.UpTo, []uint64{64}) || !slices.Equal(b.Counts, []uint64{5}) || b.Sum != 320 {
		t.Errorf("batches: %+v", b)
	}
	status := decode[Status](t, ask(h, "GET", "/status").Body)
	near := func(got, want float64) bool { return math.Abs(got-want) <= want/128 }
	if s := status.Stages["score"]; s.Count != 100 || !near(s.Sum, 2.099e-3) || !near(s.P50, 1e-6) || !near(s.P99, 1e-6) || !near(s.P999, 2e-3) || !near(s.Most, 2e-3) {
		t.Errorf("score: %+v", s)
	}
	if len(status.Stages) != 5 || status.BatchVectors.P50 != 64 {
		t.Errorf("%+v, %+v", status.Stages, status.BatchVectors)
	}
	if !slices.Equal(status.ThreadSeconds, []ThreadSeconds{{"io-0", 1, 2, 3.5}}) {
		t.Errorf("threads: %+v", status.ThreadSeconds)
	}
	spent := map[string]float64{}
	for _, m := range scrape(t, source)["disrust_thread_seconds_total"].Metric {
		spent[m.Label[0].GetValue()+m.Label[1].GetValue()] = m.GetCounter().GetValue()
	}
	if !maps.Equal(spent, map[string]float64{"asleepio-0": 3.5, "pollingio-0": 2, "workingio-0": 1}) {
		t.Errorf("/metrics: %v", spent)
	}
}

// TestSlowAsJSON: /slow has what is known of each slow read, in seconds.
func TestSlowAsJSON(t *testing.T) {
	source := &fake{state: Ready}
	h := Handler(source, Options{})
	if body := ask(h, "GET", "/slow").Body.String(); body != "{\"slow\":[]}\n" {
		t.Errorf("without slow reads: %s", body)
	}
	when := time.Date(2026, 11, 30, 1, 2, 3, 4, time.UTC)
	source.slow = []metrics.Slow{
		{Thread: "io-1", When: when, Connection: 7, Peer: netip.MustParseAddr("10.0.0.1"), Requests: 2, Vectors: 128, Stage: [metrics.StageCount]time.Duration{1000, 2000, 3000, 4000}},
		{Thread: "io-0", When: when, Connection: 8},
	}
	got := decode[SlowReads](t, bytes.NewReader(ask(h, "GET", "/slow").Body.Bytes())).Slow
	want := []SlowRead{
		{When: when, Thread: "io-1", Connection: 7, Peer: "10.0.0.1", Requests: 2, Vectors: 128, Read: 1e-6, Wait: 2e-6, Score: 3e-6, Send: 4e-6, Whole: 1e-5},
		{When: when, Thread: "io-0", Connection: 8},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
