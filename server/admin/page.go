package admin

import (
	"embed"
	"io"
	"net/http"
)

// The page at / shows in a browser what the server does now, and what it did in the last hour. It asks the paths of this
// port, and nothing else, as pagePolicy says to the browser.

//go:embed page/*.html page/*.css page/*.js
var pageFiles embed.FS

// pagePolicy allows the page its style, its script and requests to this port. The icon is in the page.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageScript are the files of the page's script, which are one when they are served. The last one begins.
var pageScript = []string{"figures.js", "readings.js", "past.js", "curves.js", "tables.js", "live.js"}

// pageFile returns files of the page, one behind the other.
func pageFile(names ...string) string {
	all := ""
	for _, name := range names {
		text, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			panic("admin: " + err.Error()) // the build has put them in
		}
		all += string(text)
	}
	return all
}

// addPage adds the page and what it is made of.
func addPage(to map[string]path) {
	to["/"] = asset("text/html", pageFile("page.html"))
	to["/page.css"] = asset("text/css", pageFile("page.css"))
	to["/page.js"] = asset("text/javascript", "\"use strict\";\n{\n"+pageFile(pageScript...)+"}\n")
}

// asset is a path with a text that never changes.
func asset(kind, text string) path {
	return path{get, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind+"; charset=utf-8")
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		io.WriteString(w, text) // a client that has left gets nothing
	}}
}
