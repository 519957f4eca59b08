//go:build chromium

package page

import (
	"html"
	"image/color"
	"regexp"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/page/browser"
)

// TestDrawn draws every kind of chart, wide and narrow, in light and in dark.
func TestDrawn(t *testing.T) {
	b := browser.New(t)
	for name, flags := range map[string][]string{
		"light":  nil,
		"dark":   {"--blink-settings=preferredColorScheme=0"},
		"narrow": {"--window-size=500,4000"},
	} {
		page := written(t, example("text"))
		if err := b.Check(page, flags...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back := color.GrayModel.Convert(b.Picture(page, flags...).At(5, 5)).(color.Gray)
		if dark := back.Y < 60; dark != (name == "dark") {
			t.Errorf("%s: the background has brightness %d of 255", name, back.Y)
		}
	}
}

// TestTold: a drawing says which lines and bars it has, and its scale.
func TestTold(t *testing.T) {
	list, err := browser.Drawings(browser.New(t).Open(written(t, example("text"))))
	if err != nil || len(list) != 3 {
		t.Fatalf("drawn are %+v, %v", list, err)
	}
	for i, want := range []string{"text|p99|dashed", "text", "text|failed|third"} {
		if got := list[i].Labels(); got != want || list[i].Logarithmic != (i == 0) {
			t.Errorf("%s shows %q, logarithmic %v, want %q", list[i].ID, got, list[i].Logarithmic, want)
		}
	}
	if bars := list[2].Lines; bars[1].Color != "" || bars[2].Color == "" {
		t.Errorf("bars are %+v", bars)
	}
}

// TestEmpty: a chart without values says so.
func TestEmpty(t *testing.T) {
	bars := Bars("bars", "", "", Axis{Format: Count}, []Bar{{Name: "failed", Value: None, Low: None, High: None}})
	lines := Chart{ID: "lines", X: Axis{Format: Seconds}, Y: Axis{Format: Count}, Sets: []Set{{Lines: []Line{{Label: "p50", Color: P50}}}}}
	dom := browser.New(t).Open(written(t, &Page{Sections: []Section{{Charts: []Chart{bars, lines, {ID: "none"}}}}}))
	if n := strings.Count(dom, ">Nothing was measured.<"); n != 3 {
		t.Errorf("%d of three charts say that nothing was measured", n)
	}
}

// TestNotDrawn: the check sees a page whose data is empty, whose script is
// broken or not let run, and whose lines or bars are missing.
func TestNotDrawn(t *testing.T) {
	b := browser.New(t)
	whole := written(t, example("text"))
	broken := "throw new Error();" + script
	for name, c := range map[string]struct{ page, want string }{
		"no data":    {regexp.MustCompile(`"sets":\[\{.*?\}\]\}\]`).ReplaceAllString(whole, `"sets":[]`), "lines is not drawn"},
		"broken":     {strings.ReplaceAll(strings.Replace(whole, script, broken, 1), html.EscapeString(policy(library, script)), html.EscapeString(policy(library, broken))), "lines is not drawn"},
		"no library": {strings.Replace(whole, library, "", 1), "lines is not drawn"},
		"changed":    {strings.Replace(whole, script, script+" ", 1), "lines is not drawn"},
		"null":       {strings.Replace(whole, `"y":[10000,null,20000]`, `"y":[null,null,null]`, 1), "lines: p99 has"},
		"no bar":     {strings.Replace(whole, `"value":40000,`, `"value":0,`, 1), "bars: third has"},
	} {
		if c.page == whole {
			t.Errorf("%s: the page is not changed", name)
		}
		if err := b.Check(c.page); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the check gives %v, want %q", name, err, c.want)
		}
	}
}

// TestNoNetwork: a page whose text asks for an image gets none, while the same
// image in a page without the policy reaches the proxy.
func TestNoNetwork(t *testing.T) {
	const host = "disrust.invalid"
	const image = `<img src="http://` + host + `/x.png"><script src="http://` + host + `/x.js"></script>`
	b := browser.New(t)
	whole := written(t, example("text"))
	b.Open(whole)
	b.Open(strings.Replace(whole, "<header>", image+"<header>", 1))
	if n := b.Requested(host); n != 0 {
		t.Errorf("under the policy %d requests left", n)
	}
	b.Open("<!doctype html><body>" + image)
	if b.Requested(host) == 0 {
		t.Error("the proxy sees no request of a page that makes some: the test is blind")
	}
}
