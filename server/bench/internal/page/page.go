// Package page writes a report as one HTML page to look at: charts and a table,
// with everything in the page. It opens without a network, prints, and follows
// the reader's light or dark.
//
// A Content-Security-Policy forbids whatever would leave the page and every
// script but its own two, by their hashes. All text of the report goes through
// html/template, all figures through encoding/json.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"github.com/disrust/disrust/server/bench/internal/result"
)

//go:embed assets/page.html
var document string

//go:embed assets/page.css
var style string

//go:embed assets/page.js
var script string

//go:embed assets/chart.umd.min.js
var chartLibrary string

//go:embed assets/LICENSE
var chartLicence string

const chartVersion = "4.6.1"

// chartScript carries its licence into every page, as the licence asks.
var chartScript = "/*\n" + chartLicence + "*/\n" + chartLibrary

var page = template.Must(template.New("page").Parse(document))

// figures are the sections with charts. page.js draws one for each work, by ID.
var figures = []figure{
	{"rate", "Throughput", "Requests a second and ratio to the first peer: medians, with the range of the rounds. Longer is better; look at the figures where the scale is logarithmic. *: the generator was the bottleneck, so the server could do more."},
	{"latency", "Latency", "By percentile, on a logarithmic scale: medians over the rounds. Lower is better. In a closed loop latency is what throughput and window make it; look at 1x1 and the open loop."},
	{"server", "Server CPU a request", "User and system time of all the server's threads, and ratio to the first peer. Shorter is better; look at the figures where the scale is logarithmic."},
}

type figure struct{ ID, Title, Text string }

// content is what the document shows.
type content struct {
	Report  *result.Report
	When    string
	Policy  string
	Style   template.CSS
	Figures []figure
	Head    []string
	Rows    []row
	Failed  []*result.Row
	Data    template.JS
	Script  template.JS
	Library library
}

type library struct {
	Version string
	Text    template.JS
}

// row is a line of the table.
type row struct {
	Cells   []cell
	First   bool // of its work
	Failure string
	Below   bool // Failure is below the cells, all of which there are, else behind them
	Span    int  // columns that Failure has
}

// cell is a figure and its range, which has a line of its own.
type cell struct{ Text, Range string }

func split(texts []string) []cell {
	var cells []cell
	for _, text := range texts {
		c := cell{Text: text}
		if at := strings.Index(text, " ["); at >= 0 {
			c = cell{text[:at], text[at+1:]}
		}
		cells = append(cells, c)
	}
	return cells
}

// data is what page.js draws.
type data struct {
	Works []string     `json:"works"`
	Peers []string     `json:"peers"`
	Rows  []result.Row `json:"rows"`
}

// Write writes the page of r.
func Write(w io.Writer, r *result.Report) error {
	rows := r.Rows()
	text, err := json.Marshal(data{names(r.Works), names(r.Peers), rows}) // escapes <, > and & as the script element needs it
	if err != nil {
		return err
	}
	return page.Execute(w, content{
		Report:  r,
		When:    r.Started.UTC().Format("2006-01-02 15:04:05 UTC"),
		Policy:  policy(chartScript, script),
		Style:   template.CSS(style),
		Figures: figures,
		Head:    result.Head,
		Rows:    table(rows),
		Failed:  failed(rows),
		Data:    template.JS(text),
		Script:  template.JS(script),
		Library: library{Version: chartVersion, Text: template.JS(chartScript)},
	})
}

func names(list []result.Named) []string {
	all := []string{}
	for _, n := range list {
		all = append(all, n.Name)
	}
	return all
}

// table leaves out what was not tried.
func table(rows []result.Row) []row {
	var lines []row
	work := ""
	for i := range rows {
		if r := &rows[i]; !r.Empty() {
			cells := split(r.Cells())
			line := row{Cells: cells, First: r.Work != work, Failure: r.Failure(), Span: len(result.Head) - len(cells)}
			if line.Below = line.Span == 0; line.Below {
				line.Span = len(result.Head)
			}
			lines = append(lines, line)
			work = r.Work
		}
	}
	return lines
}

// failed are the rows of peers that failed.
func failed(rows []result.Row) []*result.Row {
	var some []*result.Row
	for i := range rows {
		if rows[i].Failed > 0 {
			some = append(some, &rows[i])
		}
	}
	return some
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
