package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/page"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
)

// files are what a run is written to. They are created before it, so that a
// name that cannot be is said at once, and written when it is over.
type files struct {
	list   []outFile
	inputs []string // must outlive the run
	stdout io.Writer
}

type outFile struct {
	name  string
	file  *os.File // nil: standard output
	write func(io.Writer, ...*result.Run) error
}

// create creates the files that o asks for.
func (o *options) create(stdout io.Writer) (*files, error) {
	f := &files{inputs: append([]string{o.replay}, o.files...), stdout: stdout}
	for _, err := range []error{
		f.add(o.html, writePage),
		f.add(o.json, func(w io.Writer, runs ...*result.Run) error { return runs[0].WriteJSON(w) }),
		f.add(o.csv, writeCSV),
		f.add(o.hdr, func(w io.Writer, runs ...*result.Run) error { return runs[0].WriteHDR(w) }),
	} {
		if err != nil {
			f.close()
			return nil, misuse{fmt.Errorf("cannot write: %w", err)}
		}
	}
	return f, nil
}

func (f *files) add(name string, write func(io.Writer, ...*result.Run) error) error {
	if name == "" {
		return nil
	}
	out := outFile{name: name, write: write}
	if name != "-" {
		if err := f.spare(name); err != nil {
			return err
		}
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		out.file = file
	}
	f.list = append(f.list, out)
	return nil
}

// spare refuses the name of a file that is read, or written as another: creating
// it would destroy what it holds.
func (f *files) spare(name string) error {
	there, err := os.Stat(name)
	if err != nil || !there.Mode().IsRegular() {
		return nil // Create says what is wrong
	}
	for _, input := range f.inputs {
		if info, err := os.Stat(input); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%s is read by the same command, and would be destroyed", name)
		}
	}
	for _, out := range f.list {
		if out.file == nil {
			continue
		}
		if info, err := out.file.Stat(); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%s is the same file as %s", name, out.name)
		}
	}
	return nil
}

func (f *files) close() {
	for _, out := range f.list {
		if out.file != nil {
			out.file.Close()
		}
	}
}

// write writes runs to all files and closes them.
func (f *files) write(runs ...*result.Run) error {
	var errs []error
	for _, out := range f.list {
		if err := out.fill(f.stdout, runs); err != nil {
			errs = append(errs, fmt.Errorf("cannot write %s: %w", out.name, err))
		}
	}
	return errors.Join(errs...)
}

func (out *outFile) fill(stdout io.Writer, runs []*result.Run) error {
	if out.file == nil {
		return out.write(stdout, runs...)
	}
	if err := out.write(out.file, runs...); err != nil {
		out.file.Close()
		return err
	}
	return out.file.Close()
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
