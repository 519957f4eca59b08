package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/page"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
)

// files are what a run is written to. Each is tried before it, so that a name
// that cannot be is said at once, and written when it is over: a run that is cut
// off leaves older files as they were, and no new ones.
type files struct {
	list   []outFile
	inputs []string // must outlive the run
	stdout io.Writer
}

type outFile struct {
	name    string
	file    *os.File // as it was tried; nil: standard output
	fresh   bool     // trying made it
	regular bool     // not a pipe or a device, whose reader would take closing it for the end
	path    string   // of a regular file: where name leads
	write   func(io.Writer, ...*result.Run) error
}

// tryFiles finds out whether the files that o asks for can be written.
func (o *options) tryFiles(stdout io.Writer) (*files, error) {
	f := &files{inputs: append([]string{o.replay}, o.files...), stdout: stdout}
	defer f.leave()
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

func (f *files) add(name string, write func(io.Writer, ...*result.Run) error) error {
	if name == "" {
		return nil
	}
	out := outFile{name: name, write: write}
	if name != "-" {
		if err := f.spare(name); err != nil {
			return err
		}
		if err := out.try(); err != nil {
			return err
		}
	}
	f.list = append(f.list, out)
	return nil
}

// try opens the file and changes nothing in it.
func (out *outFile) try() (err error) {
	_, missing := os.Stat(out.name)
	if out.file, err = os.OpenFile(out.name, os.O_WRONLY|os.O_CREATE, 0o666); err != nil {
		return err
	}
	out.fresh = errors.Is(missing, os.ErrNotExist)
	info, err := out.file.Stat()
	if err == nil && info.Mode().IsRegular() {
		out.regular = true
		out.path, err = filepath.EvalSymlinks(out.name)
	}
	if err != nil {
		out.file.Close()
	}
	return err
}

// leave closes regular files and takes away those that trying made.
func (f *files) leave() {
	for _, out := range f.list {
		if !out.regular {
			continue
		}
		out.file.Close()
		if out.fresh {
			os.Remove(out.path)
		}
	}
}

// spare refuses the name of a file that is read, or written as another: writing
// it would destroy what it holds.
func (f *files) spare(name string) error {
	there, err := os.Stat(name)
	if err != nil || !there.Mode().IsRegular() {
		return nil // try says what is wrong
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

// write writes runs to all files and closes them.
func (f *files) write(runs ...*result.Run) (err error) {
	for _, out := range f.list {
		if failed := out.fill(f.stdout, runs); failed != nil {
			err = both(err, fmt.Errorf("cannot write %s: %w", out.name, failed))
		}
	}
	return err
}

// fill writes the whole file, or takes away what it could write of it.
func (out *outFile) fill(stdout io.Writer, runs []*result.Run) (err error) {
	if out.file == nil {
		return out.write(stdout, runs...)
	}
	file := out.file
	if out.regular {
		if file, err = os.Create(out.path); err != nil {
			return err
		}
	}
	err = out.write(file, runs...)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil && out.regular {
		os.Remove(out.path)
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
