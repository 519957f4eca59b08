// Package page writes a report as one HTML page to look at: charts and tables,
// with everything in the page. It opens without a network, prints, and follows
// the reader's light or dark.
//
// A Content-Security-Policy forbids whatever would leave the page and every
// script but its own two, by their hashes. So no text in a report can run,
// whatever it says. All text goes through html/template and all figures through
// encoding/json.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
)

// Page is what a report says. Empty parts are left out.
type Page struct {
	Title    string
	Entries  []Entry   // below the title: what was run, and where
	Warnings []Warning // that must not be overlooked
	Tiles    []Tile
	Key      []Entry // what the colors of the charts stand for
	Sections []Section
	Tables   []Table
	MadeBy   string // the program that measured
}

// Entry is a line of text behind a name, with a swatch if it has a color.
type Entry struct {
	Color      Color
	Name, Text string
}

// Warning is a sentence, behind what it is about.
type Warning struct{ About, Text string }

// Tile is a figure large enough to be read from afar.
type Tile struct{ Label, Value, Unit string }

// Section is a heading with charts, side by side where there is room.
type Section struct {
	Title, Text string
	Charts      []Chart
}

//go:embed assets
var assets embed.FS

func asset(names ...string) string {
	all := ""
	for _, name := range names {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			panic("page: " + err.Error())
		}
		all += string(text)
	}
	return all
}

const libraryVersion = "1.6.32"

var (
	document = template.Must(template.New("page").Parse(asset("page.html")))
	style    = asset("uPlot.min.css", "page.css")
	script   = "\"use strict\";\n(() => {\n" + asset("figures.js", "axes.js", "lines.js", "bars.js", "draw.js") + "})();\n"

	// library carries its licence into every page, as the licence asks.
	library = "/*\n" + asset("LICENSE") + "*/\n" + asset("uPlot.iife.min.js")
)

// Write writes p as HTML.
func (p *Page) Write(w io.Writer) error {
	charts := []Chart{}
	wide := false
	for _, s := range p.Sections {
		charts = append(charts, s.Charts...)
		wide = wide || len(s.Charts) > 1
	}
	data, err := json.Marshal(charts) // escapes <, > and & as the script element needs it
	if err != nil {
		return err
	}
	return document.Execute(w, struct {
		*Page
		Wide                  bool
		Policy                string
		Style                 template.CSS
		Data, Library, Script template.JS
		Version               string
	}{p, wide, policy(library, script), template.CSS(style), template.JS(data), template.JS(library), template.JS(script), libraryVersion})
}

// policy allows these scripts and the style, and nothing from elsewhere.
func policy(scripts ...string) string {
	sources := ""
	for _, s := range scripts {
		sum := sha256.Sum256([]byte(s))
		sources += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src 'unsafe-inline'; script-src" + sources +
		"; img-src data:; base-uri 'none'; form-action 'none'"
}
