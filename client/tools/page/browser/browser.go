// Package browser opens pages in headless Chromium, for tests: is every chart
// there, each line and bar in its color, and does nothing leave the page?
// It needs the command chromium, which is Debian's package of that name.
package browser

import (
	"context"
	"errors"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Browser is headless Chromium, whose requests to anywhere go to a proxy that
// notes and refuses them.
type Browser struct {
	t     testing.TB
	proxy string
	mu    sync.Mutex
	asked []string // the hosts of all requests
}

// New returns a browser for t. It runs only while it opens a page.
func New(t testing.TB) *Browser {
	b := &Browser{t: t}
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
func (b *Browser) run(file string, flags ...string) string {
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

// file writes page where Chromium finds it.
func (b *Browser) file(page string) string {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return file
}

// Open opens page and returns its elements, as HTML, after its scripts ran.
func (b *Browser) Open(page string, flags ...string) string {
	b.t.Helper()
	return b.run(b.file(page), append(flags, "--dump-dom")...)
}

// Picture opens page and returns what it looks like.
func (b *Browser) Picture(page string, flags ...string) image.Image {
	b.t.Helper()
	shot := filepath.Join(b.t.TempDir(), "page.png")
	b.run(b.file(page), append(flags, "--screenshot="+shot)...)
	f, err := os.Open(shot)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return picture
}

// Check opens page and returns an error unless every figure is drawn, each of its
// lines and bars in its color.
func (b *Browser) Check(page string, flags ...string) error {
	b.t.Helper()
	list, err := Drawings(b.Open(page, flags...))
	if err != nil {
		return err
	}
	picture := b.Picture(page, flags...)
	var problems []error
	for _, d := range list {
		problems = append(problems, d.Check(picture))
	}
	return errors.Join(problems...)
}

// Requested returns how many requests for host came to the proxy. Chromium has
// some of its own, for its maker's hosts.
func (b *Browser) Requested(host string) int {
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
