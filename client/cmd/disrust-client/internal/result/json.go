package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// WriteJSON writes r as indented JSON, with Format set.
func (r *Run) WriteJSON(w io.Writer) error {
	stored := *r
	stored.Format = Format
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(stored)
}

// ReadJSON reads one Run and checks that it is whole, so that all methods work on it. Its
// errors are sentences without their subject, which is the file's name.
func ReadJSON(r io.Reader) (*Run, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var head struct {
		Format int `json:"format_version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("is no run of disrust-client: %w", err)
	}
	switch {
	case head.Format == 0:
		return nil, errors.New("is no run of disrust-client: format_version is missing")
	case head.Format != Format:
		return nil, fmt.Errorf("has format_version %d; this disrust-client reads %d", head.Format, Format)
	}
	run := new(Run)
	if err := json.Unmarshal(text, run); err != nil {
		return nil, fmt.Errorf("is no run of disrust-client: %w", err)
	}
	return run, run.check()
}

// check returns an error unless r has everything that the methods rely on.
func (r *Run) check() error {
	if (r.Total == nil) == (r.Sweep == nil) {
		return errors.New("is no whole run: it needs either a total or a sweep")
	}
	for i := range r.Intervals {
		if err := r.Intervals[i].check(); err != nil {
			return fmt.Errorf("is no whole run: interval %d: %w", i, err)
		}
	}
	if r.Total != nil {
		if err := r.Total.check(); err != nil {
			return fmt.Errorf("is no whole run: total: %w", err)
		}
		return nil
	}
	if v := r.Sweep.Varied; v != "rate" && v != "conns" {
		return fmt.Errorf("is no whole run: the sweep varied %q, not rate or conns", v)
	}
	for i := range r.Sweep.Steps {
		if err := r.Sweep.Steps[i].Total.check(); err != nil {
			return fmt.Errorf("is no whole run: step %d: %w", i, err)
		}
	}
	if k := r.Sweep.Knee; k != nil && (*k < 0 || *k >= len(r.Sweep.Steps)) {
		return fmt.Errorf("is no whole run: knee_step is %d of %d steps", *k, len(r.Sweep.Steps))
	}
	return nil
}

func (i *Interval) check() error {
	if i.Latency == nil {
		return errors.New("latency is missing")
	}
	for _, d := range []*Distribution{i.Latency, i.Service, i.Lag} {
		if d == nil {
			continue
		}
		h, err := d.Histogram.Decode()
		if err != nil {
			return err
		}
		if h.TotalCount() != d.Count {
			return fmt.Errorf("count is %d, but histogram_hdr holds %d", d.Count, h.TotalCount())
		}
	}
	return nil
}
