package admin

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPage: the page and its parts have their types and the policy that keeps everything else out.
func TestPage(t *testing.T) {
	h := Handler(&fake{}, Options{})
	for name, kind := range map[string]string{"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript"} {
		w := ask(h, "GET", name)
		if w.Code != 200 || w.Header().Get("Content-Type") != kind+"; charset=utf-8" || w.Body.Len() < 1000 {
			t.Errorf("%s: %d, %q, %d bytes", name, w.Code, w.Header(), w.Body.Len())
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %q", name, w.Header())
		}
	}
}

// TestPageFiles: every file of the page is served.
func TestPageFiles(t *testing.T) {
	want := append([]string{"page.css", "page.html"}, pageScript...)
	names, err := fs.Glob(pageFiles, "page/*")
	check(t, err)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the files are %q, and served are %q", names, want)
	}
}

// TestPageAlone: nothing in the page leads to another host, and nothing takes text for HTML. The page also works below the
// path of a proxy: its links are relative.
func TestPageAlone(t *testing.T) {
	all := pageFile(append(slices.Clone(pageScript), "page.css", "page.html")...)
	all = strings.ReplaceAll(all, "http://www.w3.org/2000/svg", "") // the name of SVG, where nothing is asked for
	for _, bad := range []string{`https?:`, `//[a-z]+\.`, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function`, `(href|src)="/`, ` on[a-z]+=`, ` style=`, `@import`, `url\(`} {
		if found := regexp.MustCompile(bad).FindString(all); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
}
