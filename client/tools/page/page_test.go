package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
)

// example has every part of a page, with text in all of its texts.
func example(text string) *Page {
	lines := Chart{
		ID: "lines", X: Axis{Name: "at", Label: text, Format: Seconds, Unit: text}, Y: Axis{Label: text, Format: Latency, Log: 10},
		Sets: []Set{
			{X: []float64{1, 2, 3}, Lines: []Line{{Label: text, Color: P50, Y: []Value{1e3, 2e3, 1e3}}, {Label: "p99", Color: P99, Y: []Value{1e4, None, 2e4}, Fill: .1, Points: true}}},
			{X: []float64{1, 1.5, 3}, Lines: []Line{{Label: "dashed", Color: Series(2), Y: []Value{1e5, 1e5, 1e5}, Dash: []int{6, 4}}}},
		},
		Marks: []Mark{{At: 2, Label: text, Color: Knee}},
	}
	shapes := Chart{
		ID: "shapes", Title: text, Text: text, X: Axis{Name: "at", Label: text, Names: []string{"p50", text, "max"}}, Y: Axis{Format: Count},
		Sets: []Set{{X: []float64{0, 1, 2}, Lines: []Line{{Label: text, Color: Series(3), Shape: 3, Y: []Value{1, 2, 3}}}}},
	}
	bars := Bars("bars", text, text, Axis{Label: text, Format: Count}, []Bar{
		{Name: text, Color: Baseline, Value: 20e3, Low: 15e3, High: 30e3, Words: text, Note: text},
		{Name: "failed", Color: Series(0), Value: None, Low: None, High: None, Words: "failed", Warning: true},
		{Name: "third", Color: Series(1), Value: 40e3, Low: 40e3, High: 40e3, Words: "40k"},
	})
	return &Page{
		Title: text, MadeBy: text,
		Entries: []Entry{{Name: text, Text: text}, {Color: Series(1), Name: text}}, Key: []Entry{{Color: Series(9), Name: text, Text: text}},
		Warnings: []Warning{{About: text, Text: text}, {Text: text}}, Tiles: []Tile{{text, text, text}},
		Sections: []Section{{Title: text, Text: text, Charts: []Chart{lines, shapes, bars}}},
		Tables: []Table{{
			Title: text, Text: text, Head: []string{text, "b", "c"}, Names: 1, Notes: []string{text},
			Rows: []Row{NewRow(text, text, text), {Rule: true, Cells: []Cell{{Text: text}, {Text: text, Warning: true, Span: 2}}}, {Cells: []Cell{{Text: "x"}, {Text: "1", Range: "[0-" + text + "]"}}}},
		}},
	}
}

func written(t testing.TB, p *Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// stored is what the page's script will see.
func stored(t *testing.T, text string) (charts []Chart) {
	t.Helper()
	_, rest, _ := strings.Cut(text, `<script type="application/json" id="data">`)
	part, _, found := strings.Cut(rest, "</script>")
	if err := json.Unmarshal([]byte(part), &charts); err != nil || !found {
		t.Fatalf("the page's data is no JSON: %v", err)
	}
	return charts
}

// TestSelfContained: nothing in the page names a place to load from, and the
// policy lets run exactly the two scripts that are there.
func TestSelfContained(t *testing.T) {
	text := written(t, example("text"))
	loads := regexp.MustCompile(`(?i)<(link|iframe|object|embed|img|base|form)\b|\bsrc=|\bhref=|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|\bimport\(`)
	if found := loads.FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
	_, rest, _ := strings.Cut(text, `http-equiv="Content-Security-Policy" content="`)
	got, _, _ := strings.Cut(rest, `"`)
	want := "default-src 'none'; style-src 'unsafe-inline'; script-src"
	for _, match := range regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(text, -1) {
		sum := sha256.Sum256([]byte(match[1]))
		want += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	if want += "; img-src data:; base-uri 'none'; form-action 'none'"; html.UnescapeString(got) != want {
		t.Errorf("the policy is %s\nwant %s", html.UnescapeString(got), want)
	}
	for _, part := range []string{"uPlot (v" + libraryVersion + ")", "Charts: uPlot " + libraryVersion, "Permission is hereby granted"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in the page", part)
		}
	}
	if strings.Count(text, "<script") != 3 || strings.Count(text, "</script>") != 3 {
		t.Error("the page has not three script elements: data, library and its own")
	}
}

// TestHostile: no text opens or closes an element, and all arrive as they are.
func TestHostile(t *testing.T) {
	const hostile = `</script><script>alert(1)</script>"'<img src=x onerror=alert(2)>&amp;` + "\u2028]]>-->{{.}}${x}\n</style></title>"
	text := written(t, example(hostile))
	for element, want := range map[string]int{"<script": 3, "</script>": 3, "</style>": 1, "</title>": 1, "<img": 0} {
		if got := strings.Count(text, element); got != want {
			t.Errorf("the page has %d of %s, want %d", got, element, want)
		}
	}
	if got := stored(t, text)[0].Sets[0].Lines[0].Label; got != hostile {
		t.Errorf("the label arrives as %q", got)
	}
	p := &Page{Title: "t", Entries: []Entry{{Color: hostile, Name: "n"}}, Sections: []Section{{Charts: []Chart{{ID: hostile}}}}}
	if text := written(t, p); strings.Count(text, "<script") != 3 || strings.Contains(text, "<img") {
		t.Error("a color or an ID opens an element")
	}
}

func TestParts(t *testing.T) {
	text := written(t, example("text"))
	for _, part := range []string{
		`<main class="wide">`,
		`<p class="warning"><b>text:</b> text</p>`,
		`<p class="warning">text</p>`,
		`<p class="entry"><span class="swatch" style="background:var(--series1)"></span><b>text</b> </p>`,
		`<li class="entry"><span class="swatch" style="background:var(--series1)"></span><b>text</b> text</li>`,
		`<dt>text</dt><dd>text <span>text</span></dd>`,
		`<th scope="row" class="name">text</th><td>text</td><td>text</td></tr>`,
		`<tr class="rule"><th scope="row" class="name">text</th><td class="failure" colspan="2">text</td></tr>`,
		`<td>1 <small>[0-text]</small></td>`,
		`<figure id="shapes">` + "\n" + `<figcaption><b>text</b> text</figcaption>`,
		`<footer>Made by text.`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	empty := written(t, &Page{Title: "empty"})
	for _, part := range []string{`class="wide"`, "<dl", "<ul", "<section", `<p class="entry"`, `<p class="warning"><b>`, "Made by"} {
		if strings.Contains(empty, part) {
			t.Errorf("an empty page has %s", part)
		}
	}
	if len(stored(t, empty)) != 0 {
		t.Error("an empty page has charts")
	}
}

// TestScale: bars whose values lie too far apart for a linear axis have a
// logarithmic one.
func TestScale(t *testing.T) {
	bar := func(low, high Value) Bar { return Bar{Value: (low + high) / 2, Low: low, High: high} }
	none := Bar{Value: None, Low: None, High: None}
	for name, c := range map[string]struct {
		bars []Bar
		log  int
	}{
		"none":      {[]Bar{none}, 0},
		"near":      {[]Bar{bar(1, 2), none, bar(20, 29)}, 0},
		"far apart": {[]Bar{bar(1, 2), none, bar(20, 31)}, 10},
		"from zero": {[]Bar{bar(0, 2), bar(20, 3100)}, 0},
	} {
		y := Bars("", "", "", Axis{Label: "rate"}, c.bars).Y
		if y.Log != c.log || strings.HasSuffix(y.Label, ", logarithmic") != (c.log > 0) {
			t.Errorf("%s: %+v, want logarithm %d", name, y, c.log)
		}
	}
}

func TestValue(t *testing.T) {
	for want, v := range map[string]Value{
		"null": None, "1": Nanos(0), "2000000": Nanos(2 * time.Millisecond), "0.25": 0.25, "1234567890123": 1234567890123,
	} {
		text, err := v.MarshalJSON()
		if err != nil || string(text) != want {
			t.Errorf("%v is %s, %v, want %s", float64(v), text, err, want)
		}
		var again Value
		if err := json.Unmarshal(text, &again); err != nil || again != v && !(math.IsNaN(float64(v)) && math.IsNaN(float64(again))) {
			t.Errorf("%s is read as %v, %v", text, float64(again), err)
		}
	}
	if text, _ := Value(math.Inf(1)).MarshalJSON(); string(text) != "null" {
		t.Errorf("infinity is %s", text)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrors(t *testing.T) {
	if err := example("text").Write(brokenWriter{}); !errors.Is(err, errBroken) {
		t.Errorf("a write that fails gives %v", err)
	}
}
