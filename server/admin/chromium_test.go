//go:build chromium

package admin

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/server/metrics"
)

var update = flag.Bool("update", false, "write the picture of the page that the README shows")

// hostile is what a page must not take for HTML.
const hostile = `<script>fail()</script><img src=x onerror=fail()>`

// anHour is a source that has served for an hour, with a history of it: a load that comes and goes, and five minutes without
// requests, 20 minutes ago.
func anHour(name string) (*fake, *history) {
	now := time.Now()
	f := &fake{state: Ready, model: &Model{
		Name: name, Identity: strings.Repeat("ea6c28b3", 8), Format: "LightGBM text v4", Source: "/srv/models/fraud.txt",
		About: "100 trees, kernel avx512", Dim: 28, Outputs: 1, Kind: "probability", MaxVectors: 64,
	}}
	f.times = []metrics.ThreadTime{{Thread: "io-0"}, {Thread: "io-1"}, {Thread: "batch"}}
	h := newHistory(f, mostSamples, now.Add(-time.Hour-time.Second))
	for i := range mostSamples {
		f.advance(i)
		h.take(now.Add(time.Duration(i-mostSamples+1) * sampleEvery))
	}
	return f, h
}

// advance does what happens in the i-th interval of an hour.
func (f *fake) advance(i int) {
	f.times = slices.Clone(f.times) // the history has those before
	load := uint64(42_000 + 14_000*math.Sin(float64(i)/110) + float64((i*i*37)%4001))
	if i >= 420 && i < 480 {
		load = 0
	}
	for t := range f.times {
		busy := time.Duration(load) * sampleEvery / 120_000
		f.times[t].Working += busy
		f.times[t].Polling += (sampleEvery - busy) / 4
		f.times[t].Asleep += (sampleEvery - busy) * 3 / 4
	}
	f.now.Requests, f.now.Answers, f.now.Vectors = f.now.Requests+load, f.now.Answers+load, f.now.Vectors+4*load
	f.now.ReceivedBytes, f.now.SentBytes = f.now.ReceivedBytes+452*load, f.now.SentBytes+20*load
	f.now.MaxConnections = 16384
	f.now.Conns = int64(24 + i/40%4 + i/90)
	if i%200 == 150 {
		f.now.Refused += 3
	}
	f.peaks = metrics.Peaks{MaxInFlight: 812, MaxResponses: 96, MaxPoolBytes: 1 << 20}
	for stage, base := range []uint64{900, 4000, 11_000, 2500} {
		f.stages.Stage[stage].Add(base, load*90/100)
		f.stages.Stage[stage].Add(base*2+base*uint64(i*i%13)/20, load*98/1000)
		f.stages.Stage[stage].Add(base*9, load*2/1000)
	}
	f.stages.Whole.Add(19_000, load*90/100)
	f.stages.Whole.Add(42_000+uint64(i*i%13)*900, load*98/1000)
	f.stages.Whole.Add(160_000, load*2/1000)
}

// moving is a source that does more whenever it is asked for its status.
type moving struct {
	mu sync.Mutex
	*fake
	turn int
}

func (m *moving) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn++
	m.advance(m.turn % 400)
	s := m.fake.Status()
	started := time.Now().Add(-90 * time.Minute).Truncate(24 * time.Hour)
	s.Started, s.Addresses, s.IO = &started, []string{"10.0.0.7:9900", "unix:/run/disrust/disrust.sock"}, IO{Backend: "io_uring"}
	s.Flags = map[string]string{"request-ring": "65536", "response-ring": "8192", "pool-mib": "16"}
	return s
}

func (m *moving) Stages(to *metrics.Stages) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fake.Stages(to)
}

func (m *moving) Metrics() metrics.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fake.Metrics()
}

func (m *moving) ThreadTimes() []metrics.ThreadTime {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fake.ThreadTimes()
}

// TestPageLooks: in light and in dark, on a phone and on a desk, the page shows the last hour and now. Nothing is wider than
// the window, text has the contrast that WCAG 2 asks for (AA), and the browser has nothing to complain of.
func TestPageLooks(t *testing.T) {
	f, h := anHour("fraud")
	s := httptest.NewServer(newHandler(&moving{fake: f}, Options{}, h.past))
	defer s.Close()
	b := newTab(t)
	for _, width := range []int{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			b.show(width, scheme)
			b.open(s.URL + "/")
			b.await(`["requests", "p99"].every(id => /[0-9]/.test(document.getElementById(id).textContent))`)
			if lines := eval[int](b, `document.querySelectorAll("#curves .line, #curves .area").length`); lines != 17 {
				t.Errorf("%d curves are drawn, want 17", lines)
			}
			if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("%s: the page is %d wide, of %d", scheme, wide, width)
			}
			if faint := eval[[]string](b, faintText); len(faint) > 0 {
				t.Errorf("%s, %d wide: these have too little contrast: %q", scheme, width, faint)
			}
			image, err := png.Decode(bytes.NewReader(b.picture(arguments{})))
			check(t, err)
			back := color.GrayModel.Convert(image.At(3, 3)).(color.Gray)
			if dark := back.Y < 60; dark != (scheme == "dark") {
				t.Errorf("%s: the background has brightness %d of 255", scheme, back.Y)
			}
		}
	}
	for _, c := range b.complaints(s.URL + "/") {
		t.Error(c)
	}
	if *update {
		b.show(1280, "light")
		clip := arguments{"x": 0, "y": 0, "width": 1280, "height": 1240, "scale": 0.8}
		check(t, os.WriteFile("images/page.webp", b.picture(arguments{"format": "webp", "quality": 75, "clip": clip}), 0o644))
	}
}

// faintText lists texts whose contrast with what is below them is under 4.5.
const faintText = `(() => {
	const channels = color => color.match(/[\d.]+/g).map(Number);
	const luminance = color => channels(color).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const opaque = e => { const back = getComputedStyle(e).backgroundColor; return (channels(back)[3] ?? 1) > 0 ? back : opaque(e.parentElement); };
	const faint = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !e.checkVisibility()) continue;
		const style = getComputedStyle(e), [a, b] = [luminance(e instanceof SVGElement ? style.fill : style.color), luminance(opaque(e))];
		if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5) faint.push(walk.currentNode.data);
	}
	return faint;
})()`

// TestPageText: what a model's file and its name say is text, and what the page shows of a server is what the server says.
func TestPageText(t *testing.T) {
	f, h := anHour(hostile)
	f.model.About, f.model.Source, f.model.Format = hostile, hostile, hostile
	f.times[0].Thread = hostile
	f.now.Reloads = 1
	swapped := &reloader{last: Verdict{Outcome: Swapped, Started: time.Date(2020, 5, 17, 12, 0, 0, 0, time.UTC)}}
	s := httptest.NewServer(newHandler(&moving{fake: f}, Options{Reloader: swapped}, h.past))
	defer s.Close()
	b := newTab(t)
	b.show(390, "light")
	b.open(s.URL + "/")
	b.await(`document.querySelectorAll("#threads tbody tr").length == 3`)
	for _, where := range []string{"#name", "#model dd", "#threads th"} {
		if got := b.text(where); !slices.Contains(got, hostile) {
			t.Errorf("%s is %q", where, got)
		}
	}
	if n := eval[int](b, `document.querySelectorAll("img, body script").length`); n != 0 {
		t.Errorf("%d elements came from a name", n)
	}
	if got := eval[string](b, "document.title"); got != hostile+" · disrust" {
		t.Errorf("the title is %q", got)
	}
	if got := b.text("#model dd"); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "May 17, 2020") }) {
		t.Errorf("of the model it says %q", got)
	}
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 390 {
		t.Errorf("the page is %d wide", wide)
	}
	if got, want := strings.Join(b.text("#pressure tbody td"), "|"), "812|8,191||96|8,192||1.00\u202fMiB|16.0\u202fMiB|"; got != want {
		t.Errorf("the pressure is %q, want %q", got, want)
	}
	if got := b.text("#connections")[0]; !strings.HasSuffix(got, " of 16,384") {
		t.Errorf("the connections are %q", got)
	}
	if got := strings.Join(b.text("#counts tr:nth-child(1) td"), "|"); got != "9|9" {
		t.Errorf("refused are %q", got)
	}
	for _, c := range b.complaints(s.URL + "/") {
		t.Error(c)
	}
}

// TestPageCurves: a curve has a gap where nothing was asked, and arrow keys read it out.
func TestPageCurves(t *testing.T) {
	f, h := anHour("fraud")
	s := httptest.NewServer(newHandler(f, Options{}, h.past))
	defer s.Close()
	b := newTab(t)
	b.show(1280, "light")
	b.open(s.URL + "/")
	b.await(`document.querySelectorAll("#curves .line").length > 0`)
	if got := strings.Join(b.text("#curves figure:first-child [text-anchor]"), " "); !strings.HasSuffix(got, " 60 min 40 min 20 min now") {
		t.Errorf("the axes say %q", got)
	}
	latency := eval[string](b, `document.querySelectorAll("#curves svg")[4].querySelector(".line").getAttribute("d")`)
	if n := strings.Count(latency, "M"); n != 2 {
		t.Errorf("the curve of latencies has %d parts, want 2", n)
	}
	eval[bool](b, `document.querySelectorAll("#curves svg")[4].focus() ?? true`)
	for range 3 {
		b.must("Input.dispatchKeyEvent", arguments{"type": "keyDown", "key": "ArrowLeft"}, nil)
	}
	says := eval[string](b, `document.activeElement.getAttribute("aria-valuetext")`)
	p := h.since(0, time.Now())
	want := fmt.Sprintf("p99 %.1f", *p.Stages["whole"].P99[mostSamples-3]*1e6)
	if !strings.Contains(says, want) || !strings.Contains(says, " s ago: ") || eval[int](b, `document.querySelectorAll("#curves .at").length`) != 8 {
		t.Errorf("three samples back it says %q, want %q", says, want)
	}
	b.must("Input.dispatchKeyEvent", arguments{"type": "keyDown", "key": "Escape"}, nil)
	if says := eval[string](b, `document.activeElement.getAttribute("aria-valuetext")`); !strings.HasPrefix(says, "now: ") {
		t.Errorf("after Escape it says %q", says)
	}
}

// TestPageWithoutHistory: without a history the page shows now.
func TestPageWithoutHistory(t *testing.T) {
	f, _ := anHour("fraud")
	s := httptest.NewServer(Handler(&moving{fake: f}, Options{}))
	defer s.Close()
	b := newTab(t)
	b.open(s.URL + "/")
	b.await(`document.querySelector("#p99").textContent.includes("µs") && document.querySelector("#hour").hidden`)
}

// TestPageWithoutScript: a browser without JavaScript learns where to look.
func TestPageWithoutScript(t *testing.T) {
	s := httptest.NewServer(Handler(&fake{}, Options{}))
	defer s.Close()
	b := newTab(t)
	b.must("Emulation.setScriptExecutionDisabled", arguments{"value": true}, nil)
	b.must("Page.navigate", arguments{"url": s.URL + "/"}, nil)
	b.loaded(1)
	b.must("Emulation.setScriptExecutionDisabled", arguments{"value": false}, nil) // what was loaded does not begin to run
	b.await(`document.querySelector("noscript p a")?.checkVisibility()`)
	if got := b.text("noscript a"); !slices.Equal(got, []string{"/status", "/metrics"}) {
		t.Errorf("it says %q", got)
	}
}

// TestPageFigures: figures are short, and each has its unit.
func TestPageFigures(t *testing.T) {
	b := newTab(t)
	for call, want := range map[string]string{
		"perSecond(0)": "0 /s", "perSecond(1.5)": "1.50 /s", "perSecond(999.4)": "999 /s", "perSecond(999.6)": "1.00 k/s",
		"perSecond(12345)": "12.3 k/s", "perSecond(1.234e12)": "1234 G/s", "perSecond(null)": "–",
		"bytesPerSecond(12.6)": "13 B/s", "bytesPerSecond(5.56e6)": "5.56 MB/s",
		"seconds(0)": "0 ns", "seconds(4.12e-5)": "41.2 µs", "seconds(9.996e-7)": "1.00 µs", "seconds(1.5e-3)": "1.50 ms", "seconds(75)": "75.0 s", "seconds(null)": "–",
		"count(16384)": "16,384", "count(null)": "–", "mebibytes(16 * 2 ** 20)": "16.0 MiB",
		"percent(0)": "0 %", "percent(.004)": "0.4 %", "percent(.5)": "50 %", "percent(1)": "100 %",
		"duration(59.9)": "59 s", "duration(61)": "1 min 1 s", "duration(7260)": "2 h 1 min", "duration(90000)": "1 d 1 h",
	} {
		got := eval[string](b, "(() => {"+pageFile("figures.js")+"; return "+call+"})()")
		if got = strings.ReplaceAll(got, "\u202f", " "); got != want {
			t.Errorf("%s is %q, want %q", call, got, want)
		}
	}
}

// TestPageQuantiles: the quantiles of what was counted between two answers of /stages are those that a histogram of it has.
func TestPageQuantiles(t *testing.T) {
	b := newTab(t)
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		f, between := &fake{state: Ready}, new(metrics.Histogram)
		draw := func(to ...*metrics.Histogram) {
			for range random.IntN(50) {
				value, times := random.Uint64N(1<<random.IntN(40)), random.Uint64N(1000)
				for _, h := range to {
					h.Add(value, times)
				}
			}
		}
		reading := func(at int) string {
			h := Handler(f, Options{})
			return fmt.Sprintf("addReading({at: %d, status: %s, stages: %s});", at, ask(h, "GET", "/status").Body, ask(h, "GET", "/stages").Body)
		}
		draw(&f.stages.Whole)
		first := reading(0)
		draw(&f.stages.Whole, between)
		script := pageFile("figures.js", "readings.js") + first + reading(5) + `return JSON.stringify(quantiles("whole", [.5, .99, .999, 1]))`
		var got []*float64 // null: there were no values
		check(t, json.Unmarshal([]byte(eval[string](b, "(() => {"+script+"})()")), &got))
		for i, share := range []float64{.5, .99, .999, 1} {
			want, is := between.Quantile(share)*1e-9, math.NaN()
			if got[i] != nil {
				is = *got[i]
			}
			if (got[i] != nil) != (between.Count() > 0) || math.Abs(is-want) > 1e-9*want {
				t.Errorf("seed %d: the quantile %v is %v, want %v of %d values", seed, share, is, want, between.Count())
			}
		}
	}
}

// TestPageRates: a rate is that of about the last five seconds. It is not known from one reading, nor across a restart of
// the server or a time when nobody looked.
func TestPageRates(t *testing.T) {
	b := newTab(t)
	script := "(() => {" + pageFile("figures.js", "readings.js") + `
		const said = [];
		for (const [at, started, requests] of [[0, "a", 100], [1, "a", 200], [2, "a", 250], [6, "a", 750], [7, "b", 900], [8, "b", 950], [9, "b", 10], [10, "b", 20], [21, "b", 30], [22, "b", 34]]) {
			addReading({ at, status: { started, counters: { requests } } });
			said.push(perSecond(rate("requests")).replace(space, " "));
		}
		return said.join(", ");
	})()`
	const want = "–, 100 /s, 75.0 /s, 110 /s, –, 50.0 /s, –, 10.0 /s, –, 4.00 /s"
	if got := eval[string](b, script); got != want {
		t.Errorf("the rates are %s, want %s", got, want)
	}
}

// TestPagePast: answers of /history that follow each other make one hour. Another history does not follow, even where its
// numbers do, nor does one that has forgotten what comes next.
func TestPagePast(t *testing.T) {
	b := newTab(t)
	script := "(() => {" + pageFile("past.js") + `
		const said = [];
		for (const [began, first, ago] of [["a", 1, []], ["a", 1, [6, 1]], ["a", 3, [1]], ["a", 5, [1]], ["b", 7, [6, 1]], ["c", 9, [1]], ["c", 1, [3601, 6, 1]]]) {
			said.push(addPast({ began, first, every: 5, ago, seconds: ago.map(() => 5) }, 5000) + " " + past.samples.length);
		}
		return said.join(", ");
	})()`
	const want = "true 0, true 2, true 3, false 0, true 2, false 0, true 2"
	if got := eval[string](b, script); got != want {
		t.Errorf("it has %s, want %s", got, want)
	}
}
