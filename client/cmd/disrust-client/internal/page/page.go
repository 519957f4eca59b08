// Package page writes runs as one HTML page to look at: charts and tables, with
// everything in the page. It opens without a network, prints, and follows the
// reader's light or dark.
//
// The page holds a Content-Security-Policy that forbids whatever would leave it
// and every script but its own two, by their hashes; so a note or an address
// cannot run, whatever it says. All text from a run goes through html/template,
// all figures through encoding/json.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
)

//go:embed assets/page.html
var document string

//go:embed assets/page.css
var style string

//go:embed assets/page.js
var script string

//go:embed assets/uPlot.iife.min.js
var chartLibrary string

//go:embed assets/LICENSE
var chartLicence string

//go:embed assets/uPlot.min.css
var chartStyle string

const chartVersion = "1.6.32"

// chartScript carries its licence into every page, as the licence asks.
var chartScript = "/*\n" + chartLicence + "*/\n" + chartLibrary

var page = template.Must(template.New("page").Parse(document))

// content is what the document shows.
type content struct {
	Title   string
	Policy  string
	Style   template.CSS
	Runs    []heading
	Tiles   []tile
	Figures []figure
	Tables  []table
	Data    template.JS
	Script  template.JS
	Library library
}

type library struct {
	Version string
	Text    template.JS
}

// figure is the place of a chart. page.js draws it by its ID.
type figure struct{ ID, Title, Text string }

// Write writes the page of runs, laid over one another if there are several.
func Write(w io.Writer, runs ...result.Run) error {
	if len(runs) == 0 {
		return errors.New("no run to show")
	}
	named := named(runs)
	drawn, err := newData(named)
	if err != nil {
		return err
	}
	text, err := json.Marshal(drawn) // escapes <, > and & as the script element needs it
	if err != nil {
		return err
	}
	return page.Execute(w, content{
		Title:   title(named),
		Policy:  policy(chartScript, script),
		Style:   template.CSS(chartStyle + style),
		Runs:    headings(named),
		Tiles:   tiles(named),
		Figures: figures(drawn),
		Tables:  tables(named),
		Data:    template.JS(text),
		Script:  template.JS(script),
		Library: library{Version: chartVersion, Text: template.JS(chartScript)},
	})
}

// named returns a copy of runs in which each has a name.
func named(runs []result.Run) []result.Run {
	copied := append([]result.Run(nil), runs...)
	for i := range copied {
		if copied[i].Name == "" {
			copied[i].Name = fmt.Sprintf("run %d", i+1)
		}
	}
	return copied
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

// figures are the places of the charts that d has something for.
func figures(d *data) []figure {
	var list []figure
	if len(d.Runs) > 0 {
		list = append(list,
			figure{"throughput", "Throughput", "Requests answered in each second."},
			figure{"latency", "Latency over time", timeText(len(d.Runs))})
	}
	for _, g := range d.Sweeps {
		list = append(list,
			figure{"sweep-latency-" + g.Varied, "Latency against " + against(g.Varied), "Each point is a step. Dashed are the bound and the knee, the highest rate that keeps it."},
			figure{"sweep-rate-" + g.Varied, "Throughput against " + against(g.Varied), "Requests answered in a second, at each step."})
	}
	if len(d.Curves.Lines) > 0 {
		list = append(list, figure{"curve", "Latency by percentile", curveText(d)})
	}
	return list
}

func against(varied string) string {
	if varied == "conns" {
		return "connections"
	}
	return "rate"
}

func timeText(runs int) string {
	if runs == 1 {
		return "Percentiles of each second, the median at the bottom and the slowest answer at the top."
	}
	return "Of each second: the median, a band up to p99.9, and the slowest answer dotted."
}

func curveText(d *data) string {
	text := "How slow the slowest are: one answer in ten, in a hundred, in a thousand was slower."
	if len(d.Sweeps) > 0 {
		text += " Of a sweep, the step at its knee."
	}
	for _, l := range d.Curves.Lines {
		if l.Dashed {
			return text + " Solid: from when a request was due (corrected). Dashed: from when it was written."
		}
	}
	return text
}
