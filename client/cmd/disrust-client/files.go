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

// files are the files that a run is written to. The command tries to open each one before the
// run, so that it can refuse a bad name at once. It writes them after the run: a run that is
// cut off leaves older files as they were, and no new ones.
type files struct {
	list   []outFile
	inputs []string // files that the command reads, and must not overwrite
	stdout io.Writer
}

type outFile struct {
	name    string
	file    *os.File // opened by try; nil: standard output
	fresh   bool     // try created it
	regular bool     // not a pipe or a device, whose reader would take an early close for the end
	path    string   // of a regular file: name with symbolic links resolved
	write   func(io.Writer, ...*result.Run) error
}

// tryFiles returns an error if a file that o asks for cannot be written.
func (o *options) tryFiles(stdout io.Writer) (*files, error) {
	f := &files{inputs: append([]string{o.replay}, o.files...), stdout: stdout}
	defer f.undoTry()
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
		if err := f.checkUnused(name); err != nil {
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

// undoTry closes the regular files and removes those that try created.
func (f *files) undoTry() {
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

// checkUnused returns an error if the command reads the file, or writes it under another name:
// writing would destroy its content.
func (f *files) checkUnused(name string) error {
	there, err := os.Stat(name)
	if err != nil || !there.Mode().IsRegular() {
		return nil // try returns what is wrong, if anything
	}
	for _, input := range f.inputs {
		if info, err := os.Stat(input); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%s would be destroyed: the same command reads it", name)
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

// fill writes the whole file. If it fails, it removes the file.
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
