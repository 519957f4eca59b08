//go:build linux

package listen

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// unixConfig returns a Config for one Unix socket, whose path lies in a new folder.
func unixConfig(t *testing.T) (cfg Config, path string) {
	path = t.TempDir() + "/a"
	return Config{Addrs: []string{"unix:" + path}, Threads: 2, UnixMode: 0o660}, path
}

// leaveDeadSocket leaves a socket file, as a killed server does.
func leaveDeadSocket(t *testing.T, path string) {
	t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
}

// TestDeadServersFile: a new server replaces the socket file of a dead one, with sharing
// and without.
func TestDeadServersFile(t *testing.T) {
	for _, share := range []bool{false, true} {
		cfg, path := unixConfig(t)
		cfg.Share = share
		leaveDeadSocket(t, path)
		s := mustOpen(t, cfg)
		if err := dial(s.Addrs()[0]); err != nil {
			t.Error(err)
		}
	}
}

// TestServedFile: a second server refuses a path that is served, and the first one goes on
// serving it.
func TestServedFile(t *testing.T) {
	cfg, path := unixConfig(t)
	s := mustOpen(t, cfg)
	wantRefused(t, cfg, path, "is served by another process")
	if err := dial(s.Addrs()[0]); err != nil {
		t.Error(err)
	}
}

// TestFullQueue: a path counts as served even when its server's queue is full.
func TestFullQueue(t *testing.T) {
	cfg, path := unixConfig(t)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	for connect(path) == nil { // connect closes its end, and the connection stays in the queue
	}
	if err := connect(path); err != unix.EAGAIN {
		t.Fatalf("connecting to a full queue returned %v, want EAGAIN", err)
	}
	wantRefused(t, cfg, "is served by another process")
}

// TestOtherKindsOfFile: Open refuses a path that names no stream socket, and leaves the
// file alone.
func TestOtherKindsOfFile(t *testing.T) {
	dir := t.TempDir()
	packets, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: dir + "/served datagrams", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	for name, make := range map[string]func(path string) error{
		"a file":            func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"a folder":          func(path string) error { return os.Mkdir(path, 0o700) },
		"a link to nothing": func(path string) error { return os.Symlink("nothing", path) },
		"served datagrams":  func(string) error { return nil },
	} {
		path := filepath.Join(dir, name)
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(path)
		wantRefused(t, Config{Addrs: []string{"unix:" + path}}, "unix:"+path)
		if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
}

// TestFolder: Open refuses a path whose folder is missing, and one whose folder another
// process keeps locked.
func TestFolder(t *testing.T) {
	cfg, path := unixConfig(t)
	wantRefused(t, Config{Addrs: []string{"unix:" + path + "/a"}}, "cannot use unix:"+path+"/a: no such file")
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, cfg, "cannot lock the folder of unix:"+path)
}

// TestMode: the file has the mode of the Config, whatever the umask is. No client can
// connect before the file has that mode.
func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666, 0o777} {
		cfg, path := unixConfig(t)
		cfg.UnixMode = mode
		var early atomic.Bool
		stop, watching := make(chan struct{}), sync.WaitGroup{}
		watching.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if connect(path) == nil {
					info, err := os.Lstat(path)
					early.CompareAndSwap(false, err == nil && info.Mode().Perm() != mode)
				}
			}
		})
		s := mustOpen(t, cfg)
		if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %o: the file is %v, %v", mode, info.Mode(), err)
		}
		s.Close()
		close(stop)
		watching.Wait()
		if early.Load() {
			t.Errorf("mode %o: a client could connect before the file had it", mode)
		}
	}
}

// TestSuccessor: a server takes over a served path, and clients find a server there at
// every instant. The path stays when the earlier servers end.
func TestSuccessor(t *testing.T) {
	cfg, path := unixConfig(t)
	servers := []*Set{mustOpen(t, cfg)}
	stop, dialing := make(chan struct{}), sync.WaitGroup{}
	dialing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := dial(&net.UnixAddr{Name: path, Net: "unix"}); err != nil {
				t.Errorf("no server was reached: %v", err)
				return
			}
		}
	})
	cfg.Share = true
	for range 20 {
		servers = append(servers, mustOpen(t, cfg))
	}
	for _, s := range servers[:len(servers)-1] {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	dialing.Wait()
	if files, _ := filepath.Glob(path + "*"); len(files) != 1 {
		t.Errorf("the folder holds %q, want one file", files)
	}
	servers[len(servers)-1].Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the last one's file stays: %v", err)
	}
}

// TestRemove: a server removes its own socket file, but not a file that has replaced it.
func TestRemove(t *testing.T) {
	cfg, path := unixConfig(t)
	s := mustOpen(t, cfg)
	s.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
	s, err := open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	closeAll(s.endpoints[0].listeners())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the file that replaced the socket is gone: %v", err)
	}
}

// TestStartsAndEnds starts and ends servers on one path all the time. At most one serves the
// path at a time, and clients reach that one.
func TestStartsAndEnds(t *testing.T) {
	cfg, path := unixConfig(t)
	var serving atomic.Int32
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for range 100 {
				s, err := open(cfg)
				if err != nil {
					continue
				}
				if serving.Add(1) != 1 {
					t.Error("two servers serve one path")
				}
				if err := dial(s.Addrs()[0]); err != nil {
					t.Errorf("the serving server is not reached: %v", err)
				}
				serving.Add(-1)
				s.Close()
			}
		})
	}
	running.Wait()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the last one's file stays: %v", err)
	}
}

// TestLongPath: a path may be as long as the kernel allows. A shared path must leave room
// for the suffix that a successor's path has at first.
func TestLongPath(t *testing.T) {
	t.Chdir(t.TempDir())
	longest := strings.Repeat("a", pathBytes)
	mustOpen(t, Config{Addrs: []string{"unix:" + longest}})
	if got := PathBytes("unix:" + longest[:99]); got != SharedPathBytes+1 {
		t.Errorf("a path of 99 bytes has %d; %d may be shared", got, SharedPathBytes)
	}
	if got := PathBytes("127.0.0.1:9900"); got != 0 {
		t.Errorf("an address without a path has %d bytes of it", got)
	}
	for range 2 {
		mustOpen(t, Config{Addrs: []string{"unix:" + longest[:98]}, Share: true})
	}
}
