package result

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteText writes the summary for people: of a sweep its table and knee, and otherwise the
// total.
func (r *Run) WriteText(w io.Writer) error {
	var b strings.Builder
	b.WriteString(r.Heading())
	if r.Sweep != nil {
		r.Sweep.text(&b)
	} else {
		r.Total.text(&b, r.Parameters.Warmup)
	}
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "\nerror: %s\n", e)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Heading returns two lines: which server, and the load.
func (r *Run) Heading() string {
	p := &r.Parameters
	first := p.Address + onThisMachine(r.Server) + "\n"
	if r.Sweep != nil {
		arrivals := ""
		if p.Arrivals != "" {
			arrivals = p.Arrivals + " arrivals, "
		}
		return first + fmt.Sprintf("%svectors %s, dim %d, each step %v after %v of warm-up\n", arrivals, p.Mix, p.Dim, p.Duration, p.Warmup)
	}
	return first + fmt.Sprintf("%s, %s, vectors %s, dim %d\n", conns(p), p.Loop(), p.Mix, p.Dim)
}

func onThisMachine(s Server) string {
	text := ""
	if s.ThisMachine {
		text = ", on this machine"
	}
	if s.Note != "" {
		text += " (" + s.Note + ")"
	}
	return text
}

func conns(p *Parameters) string {
	text := strconv.Itoa(p.Conns) + " connection"
	if p.Conns != 1 {
		text += "s"
	}
	if p.Rate == 0 {
		text += fmt.Sprintf(" x %d in flight", p.Window)
	}
	return text
}

func (t *Total) text(b *strings.Builder, warmup time.Duration) {
	fmt.Fprintf(b, "%s requests in %.1f s after %v of warm-up: %s requests/s, %s vectors/s\n",
		Count(float64(t.Requests)), t.Length.Seconds(), warmup, Count(t.Rate), Count(t.VectorRate()))
	if t.Latency.Count > 0 {
		t.percentiles(b)
	}
	if t.Unsent > 0 {
		fmt.Fprintf(b, "%s requests were due at the end and not sent, because their connections were full; they count in the latency\n", Count(float64(t.Unsent)))
	}
	if t.Errors != nil {
		fmt.Fprintf(b, "%s\n", t.Failures())
	}
	fmt.Fprintf(b, "\ngenerator: %.0f %% busy, %s of CPU a request\n", 100*t.Busy, Latency(t.CPUPerRequest()))
	if !t.Valid {
		fmt.Fprintf(b, "NOT VALID: %s\n", t.Why)
	}
}

// Failures says what went wrong without ending the run. t.Errors must not be nil.
func (t *Total) Failures() string {
	e := t.Errors
	text := fmt.Sprintf("errors: %s requests without an answer; %s connections lost, %s remade",
		Count(float64(e.Requests)), Count(float64(e.Lost)), Count(float64(e.Reconnects)))
	if t.FirstError != "" {
		text += "; the first: " + t.FirstError
	}
	return text
}

// percentiles writes a table of latencies. An uncorrected latency stands beside the corrected
// one if they differ. The table leaves out percentiles that are just the maximum.
func (t *Total) percentiles(b *strings.Builder) {
	table := [][]string{{"", "latency"}}
	differ := t.Service != nil && t.Differ()
	if differ {
		table[0] = []string{"", "corrected", "uncorrected"}
	}
	var uncorrected []Figure
	if differ {
		uncorrected = t.Service.Figures()
	}
	for i, f := range t.Latency.Figures() {
		if !t.Latency.Tells(f) {
			continue
		}
		row := []string{f.Label, t.Shown(f)}
		if differ && Latency(uncorrected[i].Value) != Latency(f.Value) {
			row = append(row, Latency(uncorrected[i].Value))
		}
		table = append(table, row)
	}
	b.WriteByte('\n')
	align(b, table)
	if differ {
		b.WriteString("corrected: from when a request was due; uncorrected: from when it was written, where that differs\n")
	}
	if t.Lag != nil && t.Lag.Count > 0 {
		fmt.Fprintf(b, "written late by the generator: %s\n", t.Lateness())
	}
	b.WriteString(Legend(t))
}

// Shown formats a figure of t's latency with three digits, with a star if the generator lagged.
func (t *Total) Shown(f Figure) string {
	return starred(f.Value, slices.Contains(t.Lagged, f.Name))
}

func starred(latency time.Duration, lagged bool) string {
	if lagged {
		return "*" + Latency(latency)
	}
	return Latency(latency)
}

const legend = "*: the generator's own lag is more than a tenth of this figure\n"

// Legend returns a line that explains the stars, or "" if no figure of totals has one.
func Legend(totals ...*Total) string {
	for _, t := range totals {
		if len(t.Lagged) > 0 {
			return legend
		}
	}
	return ""
}

// Lateness says how late the generator wrote, such as "p50 458 ns, p99 37.1 us, max 7.65 ms".
// t.Lag must not be empty.
func (t *Total) Lateness() string {
	var list []string
	for _, f := range t.Lag.Figures() {
		if f.Name != "p90" && f.Name != "p95" && f.Name != "mean" && t.Lag.Tells(f) {
			list = append(list, f.Label+" "+Latency(f.Value))
		}
	}
	return strings.Join(list, ", ")
}

// Differ reports whether corrected and uncorrected latency differ in a figure, as formatted for
// people. In a closed loop they do not.
func (i *Interval) Differ() bool {
	if i.Service == nil {
		return false
	}
	service := i.Service.Figures()
	for n, f := range i.Latency.Figures() {
		if i.Latency.Tells(f) && Latency(f.Value) != Latency(service[n].Value) {
			return true
		}
	}
	return false
}
