// Package outfile writes files that appear whole or not at all.
//
// A file is written beside the one that it replaces, under a name that begins with
// "unfinished-". When it is whole and on the disk, it is renamed. If it cannot be written whole,
// because the disk is full or the process ends, the older file is as it was. A process that is
// killed leaves the unfinished file.
//
// The new file has the permissions of the one that it replaces. A symbolic link stays, and the
// file that it leads to is replaced. What is not a regular file, such as a pipe or a device, is
// written directly, and so is a name of this process's own standard output or standard error.
package outfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Target is a file to be written later.
type Target struct {
	name   string
	path   string   // of the regular file: name with symbolic links followed
	device *os.File // open: what is not a regular file
	shared bool     // device is a stream of the process, which stays open
}

// Open returns an error if the file cannot be written. It changes nothing and leaves no new file.
// The opening of a named pipe waits for a reader.
func Open(name string) (*Target, error) {
	t := &Target{name: name}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := t.openExisting(info); err != nil || t.device != nil {
			return t, err
		}
	}
	if t.path, err = followed(name); err != nil {
		return nil, err
	}
	f, err := t.Create()
	if err != nil {
		return nil, err
	}
	f.Discard()
	return t, nil
}

// openExisting opens what is not a regular file, and checks that a regular file may be written.
func (t *Target) openExisting(info fs.FileInfo) error {
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		if its, err := stream.Stat(); err == nil && os.SameFile(info, its) {
			t.device, t.shared = stream, true
			return nil
		}
	}
	file, err := os.OpenFile(t.name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		return file.Close()
	}
	t.device = file
	return nil
}

// followed returns name with symbolic links followed, also if the last leads to no file.
func followed(name string) (string, error) {
	const mostLinks = 40 // as Linux has it
	path := name
	for range mostLinks {
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // it is no link
		}
		if !filepath.IsAbs(to) {
			folder, _ := filepath.Split(path) // Join would take ".." away, behind a link as well
			to = folder + to
		}
		path = to
	}
	return "", fmt.Errorf("%s: too many symbolic links", name)
}

// Same reports whether t and other would replace one file.
func (t *Target) Same(other *Target) bool {
	if t.device != nil || other.device != nil {
		return false
	}
	if isSame(t.path, other.path) {
		return true
	}
	folder, name := filepath.Split(t.path)
	folder2, name2 := filepath.Split(other.path)
	return name == name2 && isSame(folder+".", folder2+".")
}

func isSame(a, b string) bool {
	first, err := os.Stat(a)
	second, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(first, second)
}

// Same reports whether both are names of one regular file.
func Same(a, b string) bool {
	info, err := os.Stat(a)
	return err == nil && info.Mode().IsRegular() && isSame(a, b)
}

// Write replaces the file by what write writes. If write fails, the file stays as it was, unless
// it is not a regular file. A Target is written once.
func (t *Target) Write(write func(io.Writer) error) error {
	if t.device != nil {
		err := write(t.device)
		if closed := t.closeDevice(); err == nil {
			err = closed
		}
		return err
	}
	f, err := t.Create()
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

func (t *Target) closeDevice() error {
	if t.shared {
		return nil
	}
	return t.device.Close()
}

// Write replaces the named file by what write writes, as a Target does.
func Write(name string, write func(io.Writer) error) error {
	t, err := Open(name)
	if err != nil {
		return err
	}
	return t.Write(write)
}
