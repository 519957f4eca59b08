//go:build linux

package listen

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// listenerFile returns a listening socket as another program would pass it.
func listenerFile(t *testing.T, network, addr string) *os.File {
	t.Helper()
	var plain net.ListenConfig
	plain.SetMultipathTCP(false)
	return listenerFileWith(t, plain, network, addr)
}

func listenerFileWith(t *testing.T, how net.ListenConfig, network, addr string) *os.File {
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

// TestPassed: every thread gets a listener for each passed socket. The Set reports the
// sockets' addresses, and the sockets block, as io_uring needs.
func TestPassed(t *testing.T) {
	path := t.TempDir() + "/a.sock"
	files := []*os.File{listenerFile(t, "tcp4", "127.0.0.1:0"), listenerFile(t, "unix", path), listenerFileWith(t, net.ListenConfig{}, "tcp", "[::1]:0"), listenerFile(t, "unix", "@disrust-passed")}
	s := mustOpen(t, Config{Passed: files, Threads: 3})
	for _, addr := range s.Addrs() {
		if err := dial(addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for i, l := range s.Thread(2) {
		if flags, err := unix.FcntlInt(uintptr(l.FD), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("listener %d is non-blocking: flags %#x, %v", i, flags, err)
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

// TestPassedRefused: Open refuses a descriptor that cannot be served, and says why.
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
		"not a stream socket":                    datagrams,
		"not a stream socket (in a systemd unit": listenerFile(t, "unixpacket", t.TempDir()+"/packets"),
		"not a socket":                           null,
		"does not listen":                        unlistening(t, unix.AF_INET),
		"does not listen (":                      unlistening(t, unix.AF_UNIX),
	} {
		wantRefused(t, Config{Passed: []*os.File{listenerFile(t, "tcp", "127.0.0.1:0"), file}}, file.Name(), "passed", says)
		file.Close()
	}
}

// unlistening returns a stream socket that does not listen.
func unlistening(t *testing.T, family int) *os.File {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "a socket that does not listen")
}

// asService, as an environment variable, makes the test's own binary the process that
// sockets are passed to.
const asService = "DISRUST_LISTEN_AS_SERVICE"

// TestVariables: Passed returns the sockets only once, and the process's children inherit
// neither the sockets nor the variables.
func TestVariables(t *testing.T) {
	if os.Getenv(asService) != "" {
		service(t)
		return
	}
	for _, network := range []string{"unix", "unixpacket"} { // Passed does not check the type: Open does
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=a:b exec "$0" -test.run '^TestVariables$'`, os.Args[0])
		cmd.Env = append(os.Environ(), asService+"=yes")
		cmd.ExtraFiles = []*os.File{listenerFile(t, network, t.TempDir()+"/a"), listenerFile(t, network, t.TempDir()+"/b")}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func service(t *testing.T) {
	files, err := Passed()
	if err != nil || len(files) != 2 || files[1].Fd() != 4 {
		t.Fatalf("Passed returned %v, %v", files, err)
	}
	for _, f := range files {
		if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("children inherit %s: %#x, %v", f.Name(), flags, err)
		}
	}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "LISTEN_") {
			t.Errorf("children inherit %s", variable)
		}
	}
	if again, err := Passed(); err != nil || again != nil {
		t.Errorf("the second call of Passed returned %v, %v", again, err)
	}
}
