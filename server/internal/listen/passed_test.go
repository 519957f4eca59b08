//go:build linux

package listen

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// socketOf is a listening socket as another program would pass it.
func socketOf(t *testing.T, network, addr string) *os.File {
	t.Helper()
	var plain net.ListenConfig
	plain.SetMultipathTCP(false)
	return socketBy(t, plain, network, addr)
}

func socketBy(t *testing.T, how net.ListenConfig, network, addr string) *os.File {
	t.Helper()
	listener, err := how.Listen(t.Context(), network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	file, err := listener.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// TestPassed: sockets that listen are served under their addresses, by as many threads
// as there are, blocking as io_uring wants them.
func TestPassed(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	files := []*os.File{socketOf(t, "tcp4", "127.0.0.1:0"), socketOf(t, "unix", path), socketBy(t, net.ListenConfig{}, "tcp", "[::1]:0"), socketOf(t, "unix", "@disrust-passed")}
	s := opened(t, Config{Passed: files, Threads: 3})
	for _, addr := range s.Addrs() {
		if err := answers(addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for i, l := range s.Thread(2) {
		if flags, err := unix.FcntlInt(uintptr(l.FD), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("listener %d does not block: %#x, %v", i, flags, err)
		}
		if l.TCP != (i%2 == 0) {
			t.Errorf("listener %d has TCP %t", i, l.TCP)
		}
	}
	if err := s.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the file of a passed socket is gone: %v", err)
	}
}

// TestPassedRefused: what cannot be served is refused with what is wrong with it.
func TestPassedRefused(t *testing.T) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	datagrams, err := udp.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	for says, file := range map[string]*os.File{
		"no stream socket":              datagrams,
		"no stream socket (of a unit's": socketOf(t, "unixpacket", t.TempDir()+"/packets"),
		"not a socket":                  null,
		"does not listen":               idle(t, unix.AF_INET),
		"does not listen (":             idle(t, unix.AF_UNIX),
	} {
		refused(t, Config{Passed: []*os.File{socketOf(t, "tcp", "127.0.0.1:0"), file}}, file.Name(), "passed", says)
		file.Close()
	}
}

// idle is a stream socket that does not listen.
func idle(t *testing.T, family int) *os.File {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "an idle one")
}
