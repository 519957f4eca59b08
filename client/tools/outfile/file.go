package outfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// File is a file that is being written. Its content is where it belongs after Commit, and nowhere
// before.
type File struct {
	file   *os.File // nil after Commit or Discard
	finish func() error
}

// Create begins the file. The caller must end it with Commit or Discard. What goes to a pipe or a
// device is held in a temporary file until Commit.
func (t *Target) Create() (*File, error) {
	if t.device != nil {
		f, err := Hold(t.device)
		if err != nil {
			return nil, err
		}
		copied := f.finish
		f.finish = func() error {
			err := copied()
			if closed := t.closeDevice(); err == nil {
				err = closed
			}
			return err
		}
		return f, nil
	}
	folder, _ := filepath.Split(t.path)
	for {
		beside := fmt.Sprintf("%sunfinished-%08x", folder, rand.Uint32())
		file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: cannot create a file in its folder: %w", t.name, bare(err))
		}
		f := &File{file: file}
		f.finish = func() error { return f.replace(t.path) }
		return f, nil
	}
}

// Hold returns a File in the folder for temporary files, which Commit copies to w.
func Hold(w io.Writer) (*File, error) {
	file, err := os.CreateTemp("", "held-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(file.Name()) // where open files can be removed; elsewhere Discard does it
	f := &File{file: file}
	f.finish = func() error {
		if _, err := f.file.Seek(0, io.SeekStart); err != nil {
			return bare(err)
		}
		_, err := io.Copy(w, f.file)
		return err
	}
	return f, nil
}

// Write adds p to the file.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	return n, bare(err)
}

// WriteAt writes over what was written at an offset, such as a size that is known at the end.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	n, err := f.file.WriteAt(p, offset)
	return n, bare(err)
}

// Commit puts the content where it belongs. If it fails, it discards the file.
func (f *File) Commit() error {
	defer f.Discard()
	return f.finish()
}

// Discard removes the file, unless Commit was called.
func (f *File) Discard() {
	if f.file == nil {
		return
	}
	_ = f.file.Close()
	_ = os.Remove(f.file.Name())
	f.file = nil
}

// replace renames the file to path.
func (f *File) replace(path string) error {
	if older, err := os.Stat(path); err == nil {
		if err := f.file.Chmod(older.Mode().Perm()); err != nil {
			return bare(err)
		}
	}
	if err := f.file.Sync(); err != nil {
		return bare(err)
	}
	if err := f.file.Close(); err != nil {
		return bare(err)
	}
	if err := os.Rename(f.file.Name(), path); err != nil {
		return bare(err)
	}
	f.file = nil
	return nil
}

// bare leaves the name of the unfinished file out of err.
func bare(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
