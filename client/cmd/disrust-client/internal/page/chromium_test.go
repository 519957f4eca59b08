//go:build chromium

package page

import (
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/page/browser"
)

func pages(t *testing.T) map[string][]result.Run {
	one, other := measurement(t, "before", 1, 120*time.Microsecond, 8), measurement(t, "after", 2, 80*time.Microsecond, 4)
	short := other
	short.Intervals = other.Intervals[:10]
	return map[string][]result.Run{
		"run":       {one},
		"runs":      {one, other},
		"sweep":     {search(t, "sweep", 1, 500e3)},
		"conns":     {searchConns(t)},
		"sweeps":    {search(t, "before", 1, 500e3), search(t, "after", 2, 800e3)},
		"unequal":   {blankTotal(), one, short},
		"every one": {one, other, search(t, "sweep", 1, 500e3), searchConns(t)},
	}
}

func TestDrawn(t *testing.T) {
	b := browser.New(t)
	for name, runs := range pages(t) {
		if err := b.Check(written(t, runs...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDark draws all kinds of charts in the dark palette.
func TestDark(t *testing.T) {
	if err := browser.New(t).Check(written(t, pages(t)["every one"]...), "--blink-settings=preferredColorScheme=0"); err != nil {
		t.Error(err)
	}
}

// TestNotDrawn: a run that could not begin has charts that are not drawn, and
// the check sees it.
func TestNotDrawn(t *testing.T) {
	err := browser.New(t).Check(written(t, blankTotal()))
	if err == nil || !strings.Contains(err.Error(), "throughput is not drawn") {
		t.Errorf("the check gives %v", err)
	}
}

// TestNoNetwork: a page of all kinds of charts asks for nothing.
func TestNoNetwork(t *testing.T) {
	const host = "disrust.invalid"
	const image = `<img src="http://` + host + `/x.png">`
	b := browser.New(t)
	whole := written(t, pages(t)["every one"]...)
	b.Open(strings.Replace(whole, "<header>", "<header>"+image, 1))
	if n := b.Requested(host); n != 0 {
		t.Errorf("%d requests left the page", n)
	}
	b.Open("<!doctype html><body>" + image)
	if b.Requested(host) == 0 {
		t.Error("the proxy sees no request of a page that makes some: the test is blind")
	}
}
