//go:build unix

package outfile_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client/tools/outfile"
)

// TestFullDisk: when the system takes no more bytes, the older file is as it was.
func TestFullDisk(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := outfile.Write("a", writes("old")); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = 64 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low); err != nil {
		t.Fatal(err)
	}
	err := outfile.Write("a", writes(strings.Repeat("new", 64<<10)))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) || content(t, "a") != "old" {
		t.Errorf("%v, left are %d bytes", err, len(content(t, "a")))
	}
	wantFiles(t, "a")
}

// TestPermissions: a file keeps its permissions when it is replaced, and a new file has those
// that the process gives.
func TestPermissions(t *testing.T) {
	t.Chdir(t.TempDir())
	mask := syscall.Umask(0o027)
	defer syscall.Umask(mask)
	for _, want := range []os.FileMode{0o640, 0o604} {
		if err := outfile.Write("a", writes("a")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat("a"); err != nil || info.Mode() != want {
			t.Errorf("%v, %v, want %v", info.Mode(), err, want)
		}
		if err := os.Chmod("a", 0o604); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLinksStay: a link stays, and the file that it leads to is replaced or created.
func TestLinksStay(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, err := range []error{
		os.MkdirAll("far/away", 0o700), os.Symlink("far/away", "near"), os.Symlink("near/../file", "link"), os.Symlink("link", "again"),
		os.Symlink("loop", "loop"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"created", "replaced"} {
		if err := outfile.Write("again", writes(text)); err != nil || content(t, "far/file") != text {
			t.Errorf("%q, %v", content(t, "far/file"), err)
		}
	}
	wantFiles(t, "again", "far", "link", "loop", "near")
	if to, err := os.Readlink("link"); to != "near/../file" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if _, err := outfile.Open("loop"); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a loop of links: %v", err)
	}
}

// TestPipe: a pipe is no file to replace. What is held comes at Commit.
func TestPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	for _, held := range []bool{false, true} {
		read := make(chan string)
		go func() {
			pipe, err := os.Open("pipe")
			if err != nil {
				t.Error(err)
			}
			text, err := io.ReadAll(pipe)
			if err != nil {
				t.Error(err)
			}
			pipe.Close()
			read <- string(text)
		}()
		target, err := outfile.Open("pipe")
		if err != nil {
			t.Fatal(err)
		}
		if held {
			f, err := target.Create()
			if err != nil {
				t.Fatal(err)
			}
			err = errors.Join(writes("text")(f), f.Commit())
			if err != nil {
				t.Error(err)
			}
		} else if err := target.Write(writes("text")); err != nil {
			t.Error(err)
		}
		if got := <-read; got != "text" {
			t.Errorf("read %q", got)
		}
	}
	wantFiles(t, "pipe")
}

func TestDevices(t *testing.T) {
	if err := outfile.Write(os.DevNull, writes("text")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device is %v, %v", info.Mode(), err)
	}
}
