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
// A server that starts or ends changes what the path names only while it holds a lock on
// the path's folder (flock). What the server finds at the path is thus still true when it
// acts. The kernel releases the lock when the process dies, and the lock leaves no file.
type socketFile struct {
	path  string
	mode  fs.FileMode
	share bool
	fds   []int
	made  *os.File // the file that listen made; while it is open, no other file gets its inode. Nil: none
}

func (f *socketFile) addr() net.Addr   { return &net.UnixAddr{Name: f.path, Net: "unix"} }
func (f *socketFile) listeners() []int { return f.fds }
func (f *socketFile) shared() bool     { return true }

// newSocketFile makes the socket and checks the path. It leaves the binding to listen,
// because a socket that is bound and does not listen yet looks like one that a dead server
// has left.
func newSocketFile(path string, cfg Config) (*socketFile, error) {
	f := &socketFile{path: path, mode: cfg.UnixMode, share: cfg.Share}
	check := func() error { _, err := f.find(); return err }
	if err := retryInUse(func() error { return f.locked(check) }); err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f.fds, err = duplicates(fd, cfg.Threads)
	return f, err
}

// listen makes the path name this socket, and the socket take connections.
func (f *socketFile) listen() error {
	return retryInUse(func() error { return f.locked(f.replace) })
}

// replace puts the socket at the path. It first removes a socket that a dead server has
// left. When another server serves the path, replace binds the socket beside that server's
// and renames it over the path, so that a client always finds a server there.
func (f *socketFile) replace() error {
	found, err := f.find()
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

// serve binds the socket to the path at, sets the file's mode and listens, in that order:
// when a client can connect, the file has its mode.
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

// suffix returns what makes of a path an unused one in the same folder.
func suffix() string { return "." + rand.Text()[:suffixBytes-1] }

// finding is what a path names.
type finding int

const (
	nothing finding = iota
	dead            // a socket that no process serves
	served          // a socket that another server serves, and that this one may take over
)

// find returns what the path names, or an error that says why this server must not use it.
func (f *socketFile) find() (finding, error) {
	info, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	if err != nil {
		return nothing, f.refuse("look at", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return nothing, fmt.Errorf("%s exists and is no socket: choose another path, or remove it", f)
	}
	switch err := connect(f.path); err {
	case unix.ECONNREFUSED:
		return dead, nil
	case nil, unix.EAGAIN, unix.EPROTOTYPE: // served; EAGAIN: its queue is full, EPROTOTYPE: its type is another
		if f.share {
			return served, nil
		}
		return nothing, &refusal{fmt.Sprintf("%s is served by another process; choose another path", f), errors.Join(ErrServed, unix.EADDRINUSE)}
	default:
		return nothing, f.refuse("find out whether a process serves", err)
	}
}

// connect tries to connect to a path, without waiting for room in its queue.
func connect(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}

// remove removes the file, unless the path names another file by now: that of a server
// that has taken over.
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

// lockTimeout is how long another server may hold the lock on a folder.
const lockTimeout = 2 * time.Second

// locked runs do while it holds the folder's lock, so that no other server changes what the
// folder's paths name.
func (f *socketFile) locked(do func() error) error {
	folder, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return f.refuse("use", err)
	}
	defer folder.Close() // and with it the lock
	for deadline := time.Now().Add(lockTimeout); ; time.Sleep(time.Millisecond) {
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

// refuse returns the refusal for err. Of err it keeps only the errno, because the sentence
// already says the rest.
func (f *socketFile) refuse(what string, err error) error {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		err = errno
	}
	return &refusal{fmt.Sprintf("cannot %s %s: %v", what, f, err), err}
}
