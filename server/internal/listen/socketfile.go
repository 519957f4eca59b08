//go:build linux

package listen

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

// socketFile is a Unix socket and its file.
//
// Servers that start at once, and one that ends, change what the path names while they
// hold a lock on its folder (flock): what one of them has found there is still true
// when it acts. The kernel gives the lock up with the process, and it leaves no file.
type socketFile struct {
	path  string
	mode  fs.FileMode
	share bool
	fds   []int
	made  *os.File // the file that listen made, opened for nothing: so its inode is no other file's. Nil: none
}

func (f *socketFile) addr() net.Addr   { return &net.UnixAddr{Name: f.path, Net: "unix"} }
func (f *socketFile) listeners() []int { return f.fds }
func (f *socketFile) shared() bool     { return true }

// newSocketFile makes the socket. The path is taken in listen: a socket that is bound
// and does not yet listen looks like one that a dead server has left.
func newSocketFile(path string, cfg Config) (*socketFile, error) {
	f := &socketFile{path: path, mode: cfg.UnixMode, share: cfg.Share}
	free := func() error { _, err := f.look(); return err }
	if err := patiently(func() error { return f.locked(free) }); err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f.fds, err = duplicates(fd, cfg.Threads)
	return f, err
}

// listen has the path name this socket, which from then on takes connections.
func (f *socketFile) listen() error {
	return patiently(func() error { return f.locked(f.replace) })
}

// replace puts the socket where nothing is, in the place of a dead server's, or over
// one that is served. There it is bound beside the other and renamed, so that no
// client finds the path without a server.
func (f *socketFile) replace() error {
	found, err := f.look()
	if err != nil {
		return err
	}
	at := f.path
	switch found {
	case dead:
		if err := os.Remove(f.path); err != nil {
			return f.refuse("replace", err)
		}
	case served:
		at += suffix()
	}
	if err := f.serve(at); err != nil {
		return err
	}
	if at == f.path {
		return nil
	}
	if err := os.Rename(at, f.path); err != nil {
		os.Remove(at)
		return f.refuse("replace", err)
	}
	return nil
}

// serve binds the socket and has it listen. Nobody can connect before it does, and
// then the file has its mode.
func (f *socketFile) serve(at string) error {
	if err := unix.Bind(f.fds[0], &unix.SockaddrUnix{Name: at}); err != nil {
		return f.refuse("make", err)
	}
	made, err := unix.Open(at, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == nil {
		f.made = os.NewFile(uintptr(made), at)
		err = unix.Chmod(at, uint32(f.mode))
	}
	if err == nil {
		err = unix.Listen(f.fds[0], netio.Backlog)
	}
	if err != nil {
		os.Remove(at)
		return f.refuse("listen on", err)
	}
	return nil
}

const suffixBytes = 9

// suffix makes a path that nothing has of one in the same folder.
func suffix() string { return "." + rand.Text()[:suffixBytes-1] }

// finding is what a path names.
type finding int

const (
	nothing finding = iota
	dead            // a socket that nobody serves
	served          // one that somebody serves, and that may be succeeded
)

// look says what the path names, or why this server must not have it.
func (f *socketFile) look() (finding, error) {
	info, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	if err != nil {
		return nothing, f.refuse("look at", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return nothing, fmt.Errorf("%s is there and is no socket: choose another path, or remove it", f)
	}
	switch err := connect(f.path); err {
	case unix.ECONNREFUSED:
		return dead, nil
	case nil, unix.EAGAIN, unix.EPROTOTYPE: // its queue may be full, and it may be of another type
		if f.share {
			return served, nil
		}
		return nothing, &refusal{fmt.Sprintf("%s is served by another process; choose another path", f), errors.Join(ErrServed, unix.EADDRINUSE)}
	default:
		return nothing, f.refuse("find out whether anybody serves", err)
	}
}

// connect tries to connect to a path and does not wait for it.
func connect(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}

// remove removes the file, unless the path names another one by now: a successor's.
func (f *socketFile) remove() error {
	if f.made == nil {
		return nil
	}
	defer func() {
		f.made.Close()
		f.made = nil
	}()
	return f.locked(func() error {
		now, err := os.Lstat(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		own, err2 := f.made.Stat()
		if err := errors.Join(err, err2); err != nil {
			return f.refuse("remove", err)
		}
		if !os.SameFile(now, own) {
			return nil
		}
		if err := os.Remove(f.path); err != nil {
			return f.refuse("remove", err)
		}
		return nil
	})
}

// lockPatience is how long another server may take to put its socket in a folder.
const lockPatience = 2 * time.Second

// locked runs do while no other server changes what the folder's paths name.
func (f *socketFile) locked(do func() error) error {
	folder, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return f.refuse("use", err)
	}
	defer folder.Close() // and with it the lock
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(time.Millisecond) {
		err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return do()
		}
		if err != unix.EINTR && err != unix.EWOULDBLOCK || time.Now().After(deadline) {
			return f.refuse("lock the folder of", err)
		}
	}
}

func (f *socketFile) String() string { return unixPrefix + f.path }

// refuse leaves out of err what the sentence says already.
func (f *socketFile) refuse(what string, err error) error {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		err = errno
	}
	return &refusal{fmt.Sprintf("cannot %s %s: %v", what, f, err), err}
}
