package main

import (
	"fmt"
	"io"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/page"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/outfile"
)

// files are the files that a run is written to. The command tries each one before the run, so
// that it can refuse a bad name at once. It writes them after the run: a run that is cut off
// leaves older files as they were, and no new ones. A file that cannot be written whole stays as
// it was.
type files struct {
	list   []outFile
	inputs []string // files that the command reads, and must not overwrite
	stdout io.Writer
}

type outFile struct {
	name   string
	target *outfile.Target // nil: standard output
	write  func(io.Writer, ...*result.Run) error
}

// tryFiles returns an error if a file that o asks for cannot be written.
func (o *options) tryFiles(stdout io.Writer) (*files, error) {
	f := &files{inputs: append([]string{o.replay}, o.files...), stdout: stdout}
	for _, err := range []error{
		f.add(o.html, writePage),
		f.add(o.json, func(w io.Writer, runs ...*result.Run) error { return runs[0].WriteJSON(w) }),
		f.add(o.csv, writeCSV),
		f.add(o.hdr, func(w io.Writer, runs ...*result.Run) error { return runs[0].WriteHDR(w) }),
	} {
		if err != nil {
			return nil, misuse{fmt.Errorf("cannot write: %w", err)}
		}
	}
	return f, nil
}

func (f *files) add(name string, write func(io.Writer, ...*result.Run) error) (err error) {
	if name == "" {
		return nil
	}
	out := outFile{name: name, write: write}
	if name != "-" {
		if out.target, err = f.open(name); err != nil {
			return err
		}
	}
	f.list = append(f.list, out)
	return nil
}

// open opens a file to write. It returns an error if the command reads the file, or writes it
// under another name: writing would destroy its content.
func (f *files) open(name string) (*outfile.Target, error) {
	for _, input := range f.inputs {
		if outfile.Same(name, input) {
			return nil, fmt.Errorf("%s would be destroyed: the same command reads it", name)
		}
	}
	target, err := outfile.Open(name)
	if err != nil {
		return nil, err
	}
	for _, out := range f.list {
		if out.target != nil && out.target.Same(target) {
			return nil, fmt.Errorf("%s is the same file as %s", name, out.name)
		}
	}
	return target, nil
}

// write writes runs to all files.
func (f *files) write(runs ...*result.Run) (err error) {
	for _, out := range f.list {
		write := func(w io.Writer) error { return out.write(w, runs...) }
		var failed error
		if out.target == nil {
			failed = write(f.stdout)
		} else {
			failed = out.target.Write(write)
		}
		if failed != nil {
			err = both(err, fmt.Errorf("cannot write %s: %w", out.name, failed))
		}
	}
	return err
}

func writePage(w io.Writer, runs ...*result.Run) error {
	shown := make([]result.Run, len(runs))
	for i, r := range runs {
		shown[i] = *r
	}
	return page.Write(w, shown...)
}

func writeCSV(w io.Writer, runs ...*result.Run) error {
	if len(runs) == 1 {
		return runs[0].WriteCSV(w)
	}
	return result.WriteCSVs(w, runs)
}
