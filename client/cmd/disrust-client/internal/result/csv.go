package result

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"
)

// WriteCSV writes a line of names, then a line for each interval or step. The
// package's comment names the columns.
func (r *Run) WriteCSV(w io.Writer) error {
	return writeCSV(w, []*Run{r}, intervalNames(r.Sweep != nil, r.Parameters.Reconnect))
}

// WriteCSVs writes the lines of several runs. Each line ends with its run's name.
func WriteCSVs(w io.Writer, runs []*Run) error {
	swept, reconnects := false, false
	for _, r := range runs {
		swept = swept || r.Sweep != nil
		reconnects = reconnects || r.Parameters.Reconnect
	}
	return writeCSV(w, runs, append(intervalNames(swept, reconnects), "run"))
}

func writeCSV(w io.Writer, runs []*Run, head []string) error {
	out := csv.NewWriter(w)
	_ = out.Write(head) // out.Error returns the first error
	for _, r := range runs {
		for i := range r.Intervals {
			_ = out.Write(r.line(r.Intervals[i].cells(), r.Intervals[i].Errors, "", head))
		}
		if r.Sweep != nil {
			for i := range r.Sweep.Steps {
				_ = out.Write(r.line(r.Sweep.Steps[i].cells(), nil, "", head))
			}
		}
		for _, e := range r.Errors {
			_ = out.Write(r.line(nil, nil, e, head))
		}
	}
	out.Flush()
	return out.Error()
}

// line extends cells to the length of head. It puts errors in their columns, err in the column
// error and r's name in the column run.
func (r *Run) line(cells []string, errors *Errors, err string, head []string) []string {
	line := make([]string, len(head))
	copy(line, cells)
	for i, name := range head {
		switch name {
		case errorNames[0]:
			if errors != nil {
				copy(line[i:], []string{number(errors.Requests), number(errors.Lost), number(errors.Reconnects)})
			}
		case "error":
			line[i] = err
		case "run":
			line[i] = r.Name
		}
	}
	return line
}

var errorNames = []string{"errors_requests", "errors_lost_connections", "errors_reconnects"}

func intervalNames(swept, reconnects bool) []string {
	names := []string{"start_nanos", "length_nanos", "requests", "vectors", "rate_requests_per_second"}
	for _, what := range []string{"latency", "service", "lag"} {
		names = append(names, what+"_count")
		for _, f := range new(Distribution).Figures() {
			names = append(names, what+"_"+f.Name+"_nanos")
		}
	}
	if swept {
		names = append(names, "asked_rate_requests_per_second", "conns", "slo_latency_nanos", "kept")
	}
	if reconnects {
		names = append(names, errorNames...)
	}
	return append(names, "error")
}

func (i *Interval) cells() []string {
	cells := []string{nanos(i.Start), nanos(i.Length), number(i.Requests), number(i.Vectors), decimal(i.Rate)}
	for _, d := range []*Distribution{i.Latency, i.Service, i.Lag} {
		if d == nil {
			cells = append(cells, "")
			d = new(Distribution)
		} else {
			cells = append(cells, number(d.Count))
		}
		for _, f := range d.Figures() {
			if d.Count == 0 {
				cells = append(cells, "")
			} else {
				cells = append(cells, nanos(f.Value))
			}
		}
	}
	return cells
}

func (s *Step) cells() []string {
	cells := s.Total.Interval.cells()
	cells[0] = nanos(s.Start)
	bounded := ""
	if s.Total.Latency.Count > 0 {
		bounded = nanos(s.Bounded)
	}
	asked := ""
	if s.Rate > 0 {
		asked = decimal(s.Rate)
	}
	return append(cells, asked, strconv.Itoa(s.Conns), bounded, strconv.FormatBool(s.Kept))
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func nanos(d time.Duration) string { return number(int64(d)) }

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
