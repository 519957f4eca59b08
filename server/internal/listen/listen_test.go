//go:build linux

package listen_test

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/disrust/disrust/server/internal/listen"
	"golang.org/x/sys/unix"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// TestOneOfTwo: two that take one port at the same moment, each for several
// threads: one gets all its listeners, the other none. This goes on for many ports
// at once, since it takes a while to give one up.
func TestOneOfTwo(t *testing.T) {
	var rounds sync.WaitGroup
	for _, addr := range freePorts(t, 32) {
		rounds.Go(func() {
			var errs [2]error
			var fds [2][]int
			var starting sync.WaitGroup
			for i := range fds {
				starting.Go(func() { fds[i], errs[i] = open(addr, 8) })
			}
			starting.Wait()
			for _, f := range fds {
				listen.Close(f)
			}
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("one of two may have %s: %v and %v", addr, errs[0], errs[1])
			}
		})
	}
	rounds.Wait()
}

// freePorts are some that nobody has at the moment.
func freePorts(t *testing.T, count int) (addrs []netip.AddrPort) {
	for range count {
		fds, addr, err := listen.Bind(loopback, 1, false)
		if err != nil {
			t.Fatal(err)
		}
		defer listen.Close(fds)
		addrs = append(addrs, addr)
	}
	return addrs
}

func open(addr netip.AddrPort, count int) ([]int, error) {
	fds, bound, err := listen.Bind(addr, count, false)
	if err == nil {
		err = listen.Listen(fds, bound, false)
	}
	if err != nil {
		listen.Close(fds)
		return nil, err
	}
	return fds, nil
}

// TestResolve: an address is itself; a name is an IPv4 address if it has one.
func TestResolve(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1": "127.0.0.1:7", "0.0.0.0": "0.0.0.0:7", "::": "[::]:7", "::1": "[::1]:7",
		"::ffff:127.0.0.1": "127.0.0.1:7", "localhost": "127.0.0.1:7",
	} {
		addr, err := listen.Resolve(host, 7)
		if err != nil || addr.String() != want {
			t.Errorf("%s is %s, %v; want %s", host, addr, err, want)
		}
	}
}

// TestSharedWithNone: a port may be joined only if all who have it share it.
func TestSharedWithNone(t *testing.T) {
	alone, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(alone)
	if err := unix.Bind(alone, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(alone, 1); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(alone)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(loopback.Addr(), uint16(sa.(*unix.SockaddrInet4).Port))
	for _, shared := range []bool{false, true} {
		if fds, _, err := listen.Bind(addr, 2, shared); err == nil {
			listen.Close(fds)
			t.Errorf("shared %t: bound to a port that is another's", shared)
		}
	}
}
