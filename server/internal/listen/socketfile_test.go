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

// own is a Config for the socket a in a folder of the test's own.
func own(t *testing.T) (cfg Config, path string) {
	path = t.TempDir() + "/a"
	return Config{Addrs: []string{"unix:" + path}, Threads: 2, UnixMode: 0o660}, path
}

// died leaves a socket file as a server that was killed does.
func died(t *testing.T, path string) {
	t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
}

// TestDeadServersFile is replaced, also where files of the folder are shared.
func TestDeadServersFile(t *testing.T) {
	for _, share := range []bool{false, true} {
		cfg, path := own(t)
		cfg.Share = share
		died(t, path)
		s := opened(t, cfg)
		if err := answers(s.Addrs()[0]); err != nil {
			t.Error(err)
		}
	}
}

// TestServedFile is refused, and stays the other's.
func TestServedFile(t *testing.T) {
	cfg, path := own(t)
	s := opened(t, cfg)
	refused(t, cfg, path, "is served by another process")
	if err := answers(s.Addrs()[0]); err != nil {
		t.Error(err)
	}
}

// TestFullQueue: a server that accepts nobody serves all the same.
func TestFullQueue(t *testing.T) {
	cfg, path := own(t)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: path}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	for connect(path) == nil { // closed, and in the queue
	}
	if err := connect(path); err != unix.EAGAIN {
		t.Fatalf("connecting gives %v", err)
	}
	refused(t, cfg, "is served by another process")
}

// TestOtherKindsOfFile are refused and stay.
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
		refused(t, Config{Addrs: []string{"unix:" + path}}, "unix:"+path)
		if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
}

// TestFolder: one that is not there is refused, and so is one that another process keeps
// locked.
func TestFolder(t *testing.T) {
	cfg, path := own(t)
	refused(t, Config{Addrs: []string{"unix:" + path + "/a"}}, "cannot use unix:"+path+"/a: no such file")
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	refused(t, cfg, "cannot lock the folder of unix:"+path)
}

// TestMode: the file has the mode that was asked for whatever the umask, and nobody can
// connect before it has.
func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666, 0o777} {
		cfg, path := own(t)
		cfg.UnixMode = mode
		var wider atomic.Bool
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
					wider.CompareAndSwap(false, err == nil && info.Mode().Perm() != mode)
				}
			}
		})
		s := opened(t, cfg)
		if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("asked for %o: the file is %v, %v", mode, info.Mode(), err)
		}
		s.Close()
		close(stop)
		watching.Wait()
		if wider.Load() {
			t.Errorf("asked for %o: somebody could connect before", mode)
		}
	}
}

// TestSuccessor takes a served path over without an instant in which nobody serves it,
// and keeps it when the first server ends.
func TestSuccessor(t *testing.T) {
	cfg, path := own(t)
	servers := []*Set{opened(t, cfg)}
	stop, asking := make(chan struct{}), sync.WaitGroup{}
	asking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := answers(&net.UnixAddr{Name: path, Net: "unix"}); err != nil {
				t.Errorf("there is a gap: %v", err)
				return
			}
		}
	})
	cfg.Share = true
	for range 20 {
		servers = append(servers, opened(t, cfg))
	}
	for _, s := range servers[:len(servers)-1] {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	asking.Wait()
	if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
		t.Errorf("the folder holds %q", left)
	}
	servers[len(servers)-1].Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the last one's file stays: %v", err)
	}
}

// TestRemove: a server removes its own file, and none that has taken its place.
func TestRemove(t *testing.T) {
	cfg, path := own(t)
	s := opened(t, cfg)
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
		t.Errorf("another one's file is gone: %v", err)
	}
}

// TestStartsAndEnds has servers start and end on one path all the time: at most one
// serves it, and who does is reached.
func TestStartsAndEnds(t *testing.T) {
	cfg, path := own(t)
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
					t.Error("two serve one path")
				}
				if err := answers(s.Addrs()[0]); err != nil {
					t.Errorf("who serves is not reached: %v", err)
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

// TestLongPath: a path may be as long as the kernel takes it. One that is shared leaves room
// for the name that a successor has at first.
func TestLongPath(t *testing.T) {
	t.Chdir(t.TempDir())
	longest := strings.Repeat("a", pathBytes)
	opened(t, Config{Addrs: []string{"unix:" + longest}})
	for size, tooLong := range map[int]bool{98: false, 99: true} {
		if got := TooLongToShare("unix:" + longest[:size]); got != tooLong {
			t.Errorf("%d bytes are too long to share: %v", size, got)
		}
	}
	for range 2 {
		opened(t, Config{Addrs: []string{"unix:" + longest[:98]}, Share: true})
	}
}
