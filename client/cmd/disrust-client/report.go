package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
)

// report shows runs that were stored with --json.
func report(_ context.Context, o *options, s streams) error {
	runs := make([]*result.Run, len(o.files))
	for i, name := range o.files {
		r, err := readRun(name)
		if err != nil {
			return misuse{err}
		}
		runs[i] = r
	}
	tellApart(runs, o.files)
	if o.html == "" && o.csv == "" {
		return writeTexts(s, runs)
	}
	out, err := o.tryFiles(s.stdout)
	if err != nil {
		return err
	}
	return out.write(runs...)
}

// readRun reads a run and names it after its file.
func readRun(name string) (*result.Run, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := result.ReadJSON(file)
	if err != nil {
		return nil, fmt.Errorf("%s %w", name, err)
	}
	base := filepath.Base(name)
	r.Name = base[:len(base)-len(filepath.Ext(base))]
	return r, nil
}

// tellApart names runs whose files have the same base name by their full names, as given on
// the command line.
func tellApart(runs []*result.Run, files []string) {
	times := make(map[string]int)
	for _, r := range runs {
		times[r.Name]++
	}
	for i, r := range runs {
		if times[r.Name] > 1 {
			r.Name = files[i]
		}
	}
}

func writeTexts(s streams, runs []*result.Run) error {
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintln(s.text)
		}
		if len(runs) > 1 {
			fmt.Fprintf(s.text, "%s: %s\n", r.Name, r.Command)
		}
		if err := r.WriteText(s.text); err != nil {
			return err
		}
	}
	return nil
}
