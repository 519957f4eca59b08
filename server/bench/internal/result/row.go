package result

import (
	"fmt"
	"math"
	"slices"
)

// Spread summarizes one figure over the rounds.
type Spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Ratio  float64 `json:"ratio"` // ratio of Median to the first peer's; 0: unknown
}

// NewSpread summarizes values, of which there must be at least one. The median of an even
// number of values is the mean of the middle two.
func NewSpread(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Low: sorted[0], High: sorted[n-1]}
}

// Row is what one peer did with one work, over all rounds.
type Row struct {
	Work string `json:"work"`
	Peer string `json:"peer"`
	Runs int    `json:"runs"` // how many rounds have figures; 0: the row has none

	Failed int    `json:"failed"` // in how many rounds the peer failed, which have no figures
	Why    string `json:"why"`    // why the peer failed the first time

	PerRow bool `json:"per_row"` // whether Rate, Server and Generator are per row, and not per request

	Rate   Spread `json:"rate"`
	Server Spread `json:"server"` // CPU ns, per request or row
	P50    Spread `json:"p50"`    // ns, like all fields below except Busy
	P90    Spread `json:"p90"`
	P99    Spread `json:"p99"`
	P999   Spread `json:"p99_9"`
	Max    Spread `json:"max"`

	Generator Spread `json:"generator"` // CPU ns, per request or row
	Busy      Spread `json:"busy"`

	// Limited says why the generator, and not the server, limited a run. It is "" if the
	// generator limited less than half of the runs.
	Limited string `json:"limited"`
}

// Rows summarizes all runs: a row for each work and peer, in the report's order.
func (r *Report) Rows() []Row {
	var rows []Row
	for _, work := range r.Works {
		first := len(rows)
		for _, peer := range r.Peers {
			row := r.row(work.Name, peer.Name)
			rows = append(rows, row)
			rows[len(rows)-1].relate(&rows[first])
		}
	}
	return rows
}

func (r *Report) row(work, peer string) Row {
	var runs []Run
	for _, run := range r.Runs {
		if run.Work == work && run.Peer == peer {
			runs = append(runs, run)
		}
	}
	row := Row{Work: work, Peer: peer, Runs: len(runs), PerRow: r.PerRow}
	for _, f := range r.Failures {
		if f.Work != work || f.Peer != peer {
			continue
		}
		if row.Failed++; row.Failed == 1 {
			row.Why = f.Why
		}
	}
	if len(runs) == 0 {
		return row
	}
	over := func(figure func(*Run) float64) Spread {
		values := make([]float64, len(runs))
		for i := range runs {
			values[i] = figure(&runs[i])
		}
		return NewSpread(values)
	}
	row.Rate = over(func(run *Run) float64 { return run.Rate * float64(run.count(r.PerRow)) / float64(max(1, run.Requests)) })
	row.Server = over(func(run *Run) float64 { return per(run.ServerCPU, run.count(r.PerRow)) })
	row.P50 = over(func(r *Run) float64 { return float64(r.Latency.P50) })
	row.P90 = over(func(r *Run) float64 { return float64(r.Latency.P90) })
	row.P99 = over(func(r *Run) float64 { return float64(r.Latency.P99) })
	row.P999 = over(func(r *Run) float64 { return float64(r.Latency.P999) })
	row.Max = over(func(r *Run) float64 { return float64(r.Latency.Max) })
	row.Generator = over(func(run *Run) float64 { return per(run.GeneratorCPU, run.count(r.PerRow)) })
	row.Busy = over(func(r *Run) float64 { return r.Busy })
	row.Limited = limited(runs)
	return row
}

// Empty reports whether the row has nothing to show.
func (row *Row) Empty() bool { return row.Runs == 0 && row.Failed == 0 }

// Failure says in words in how many rounds the peer failed, and why. It is "" if the peer did
// not fail.
func (row *Row) Failure() string {
	if row.Failed == 0 {
		return ""
	}
	return fmt.Sprintf("FAILED (rounds: %d of %d): %s", row.Failed, row.Runs+row.Failed, row.Why)
}

func limited(runs []Run) string {
	count, why := 0, ""
	for _, run := range runs {
		if run.Limited != "" {
			count, why = count+1, run.Limited
		}
	}
	if 2*count < len(runs) {
		return ""
	}
	return why
}

// relate fills in the ratios to base, which may be row itself.
func (row *Row) relate(base *Row) {
	for _, pair := range [][2]*Spread{
		{&row.Rate, &base.Rate}, {&row.Server, &base.Server},
		{&row.P50, &base.P50}, {&row.P90, &base.P90}, {&row.P99, &base.P99}, {&row.P999, &base.P999}, {&row.Max, &base.Max},
		{&row.Generator, &base.Generator}, {&row.Busy, &base.Busy},
	} {
		if ratio := pair[0].Median / pair[1].Median; !math.IsNaN(ratio) && !math.IsInf(ratio, 0) {
			pair[0].Ratio = ratio
		}
	}
}
