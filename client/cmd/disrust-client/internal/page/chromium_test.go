//go:build chromium

package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
)

// browser is headless Chromium, whose requests to anywhere go to a proxy that
// notes and refuses them.
type browser struct {
	t     *testing.T
	proxy string
	mu    sync.Mutex
	asked []string
}

func newBrowser(t *testing.T) *browser {
	b := &browser{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked = append(b.asked, r.Host)
		http.Error(w, "no network here", http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	b.proxy = server.URL
	return b
}

// run starts Chromium on file and returns what it printed.
func (b *browser) run(file string, flags ...string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	flags = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--force-device-scale-factor=1", "--window-size=1200,4000",
		"--proxy-server=" + b.proxy, "--user-data-dir=" + b.t.TempDir(),
	}, flags...)
	output, err := exec.CommandContext(ctx, "chromium", append(flags, "file://"+file)...).Output()
	if err != nil {
		b.t.Fatalf("chromium (Debian's package of that name): %v", err)
	}
	return string(output)
}

// requested returns how many requests for host came to the proxy. Chromium has
// some of its own, for its maker's hosts.
func (b *browser) requested(host string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, asked := range b.asked {
		if strings.HasPrefix(asked, host) {
			n++
		}
	}
	return n
}

// drawing is what page.js says of a figure.
type drawing struct {
	ID                       string
	Left, Top, Width, Height float64
	Lines                    []struct{ Label, Color string }
}

// look opens page and returns what it says is drawn, and its picture.
func (b *browser) look(page string, flags ...string) ([]drawing, image.Image, error) {
	b.t.Helper()
	folder := b.t.TempDir()
	file, shot := filepath.Join(folder, "page.html"), filepath.Join(folder, "page.png")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		b.t.Fatal(err)
	}
	list, err := drawings(b.run(file, append(flags, "--dump-dom")...))
	if err != nil {
		return nil, nil, err
	}
	b.run(file, append(flags, "--screenshot="+shot)...)
	f, err := os.Open(shot)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return list, picture, nil
}

// check tells whether every figure of the page is drawn, each of its lines in
// its color.
func (b *browser) check(page string) error {
	b.t.Helper()
	list, picture, err := b.look(page)
	if err != nil {
		return err
	}
	var problems []error
	for _, d := range list {
		problems = append(problems, d.check(picture))
	}
	return errors.Join(problems...)
}

func drawings(dom string) ([]drawing, error) {
	var list []drawing
	for _, match := range regexp.MustCompile(`<figure id="([^"]*)"([^>]*)>`).FindAllStringSubmatch(dom, -1) {
		_, rest, found := strings.Cut(match[2], `data-drawn="`)
		if !found {
			return nil, fmt.Errorf("%s is not drawn", match[1])
		}
		text, _, _ := strings.Cut(rest, `"`)
		d := drawing{ID: match[1]}
		if err := json.Unmarshal([]byte(html.UnescapeString(text)), &d); err != nil {
			return nil, fmt.Errorf("%s: %w", match[1], err)
		}
		list = append(list, d)
	}
	if len(list) == 0 {
		return nil, errors.New("the page has no figure")
	}
	return list, nil
}

// check counts the pixels of about each line's color inside the plot: at least
// a tenth as many as it is wide, for a line may be dotted or lie under another.
func (d drawing) check(picture image.Image) error {
	var problems []error
	if len(d.Lines) == 0 || d.Width < 500 || d.Height < 100 {
		problems = append(problems, fmt.Errorf("%s has %d lines in %.0f x %.0f", d.ID, len(d.Lines), d.Width, d.Height))
	}
	for _, l := range d.Lines {
		if n := d.count(picture, l.Color); n < int(d.Width)/10 {
			problems = append(problems, fmt.Errorf("%s: %s has %d pixels of %s", d.ID, l.Label, n, l.Color))
		}
	}
	return errors.Join(problems...)
}

func (d drawing) count(picture image.Image, name string) int {
	var want color.RGBA
	if _, err := fmt.Sscanf(name, "#%02x%02x%02x", &want.R, &want.G, &want.B); err != nil {
		return 0
	}
	n := 0
	for y := int(d.Top); y < int(d.Top+d.Height); y++ {
		for x := int(d.Left); x < int(d.Left+d.Width); x++ {
			got := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			if near(got.R, want.R) && near(got.G, want.G) && near(got.B, want.B) {
				n++
			}
		}
	}
	return n
}

// near allows for a line's edge to be mixed with what lies under it.
func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 24 }

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
	b := newBrowser(t)
	for name, runs := range pages(t) {
		if err := b.check(written(t, runs...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDark draws in the dark palette, and on something dark.
func TestDark(t *testing.T) {
	list, picture, err := newBrowser(t).look(written(t, pages(t)["run"]...), "--blink-settings=preferredColorScheme=0")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if err := d.check(picture); err != nil {
			t.Error(err)
		}
	}
	if back := color.GrayModel.Convert(picture.At(5, 5)).(color.Gray); back.Y > 60 {
		t.Errorf("the background has brightness %d of 255", back.Y)
	}
}

// TestNotDrawn: the check sees a page whose data is empty, whose script is
// broken or not let run, and whose lines are missing.
func TestNotDrawn(t *testing.T) {
	b := newBrowser(t)
	whole := written(t, pages(t)["run"]...)
	broken := "throw new Error();" + script
	for name, c := range map[string]struct{ page, want string }{
		"no data":    {written(t, blankTotal()), "throughput is not drawn"},
		"broken":     {strings.ReplaceAll(strings.Replace(whole, script, broken, 1), html.EscapeString(policy(chartScript, script)), html.EscapeString(policy(chartScript, broken))), "throughput is not drawn"},
		"no library": {strings.Replace(whole, chartScript, "", 1), "throughput is not drawn"},
		"changed":    {strings.Replace(whole, script, script+" ", 1), "throughput is not drawn"},
		"null":       {regexp.MustCompile(`"p99":\[[^\]]*\]`).ReplaceAllString(whole, `"p99":[]`), "latency: p99 has"},
	} {
		if c.page == whole {
			t.Errorf("%s: the page is not changed", name)
		}
		if err := b.check(c.page); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the check gives %v, want %q", name, err, c.want)
		}
	}
}

// TestNoNetwork: a page whose text asks for an image gets none, while the same
// image in a page without the policy reaches the proxy.
func TestNoNetwork(t *testing.T) {
	const host = "disrust.invalid"
	b := newBrowser(t)
	file := filepath.Join(t.TempDir(), "page.html")
	show := func(page string) int {
		if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		b.run(file, "--dump-dom")
		return b.requested(host)
	}
	const image = `<img src="http://` + host + `/x.png"><script src="http://` + host + `/x.js"></script>`
	whole := written(t, pages(t)["every one"]...)
	if n := show(whole); n != 0 {
		t.Errorf("the page asked for %d things", n)
	}
	if n := show(strings.Replace(whole, "<main>", "<main>"+image, 1)); n != 0 {
		t.Errorf("under the policy %d requests left", n)
	}
	if n := show("<!doctype html><body>" + image); n == 0 {
		t.Error("the proxy sees no request of a page that makes some: the test is blind")
	}
}
