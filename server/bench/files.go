//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/disrust/disrust/client/tools/outfile"
	"github.com/disrust/disrust/server/bench/internal/page"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// files are the files that were asked for. nil is none.
type files struct{ json, html *outfile.Target }

// openFiles returns an error if a file cannot be written, before anything is measured.
func openFiles(o options) (f files, err error) {
	if f.json, err = open(o.json); err != nil {
		return f, err
	}
	if f.html, err = open(o.html); err != nil {
		return f, err
	}
	if f.json != nil && f.html != nil && f.json.Same(f.html) {
		return f, fmt.Errorf("--json and --html are one file, %s", o.html)
	}
	return f, nil
}

func open(name string) (*outfile.Target, error) {
	if name == "" {
		return nil, nil
	}
	t, err := outfile.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot write: %w", err)
	}
	return t, nil
}

// write writes the files. One that cannot be written whole stays as it was.
func (f files) write(r *result.Report) error {
	return errors.Join(
		write(f.json, "JSON", r.WriteJSON),
		write(f.html, "page", func(w io.Writer) error { return page.Write(w, r) }),
	)
}

func write(t *outfile.Target, what string, write func(io.Writer) error) error {
	if t == nil {
		return nil
	}
	if err := t.Write(write); err != nil {
		return fmt.Errorf("cannot write the %s: %w", what, err)
	}
	return nil
}
