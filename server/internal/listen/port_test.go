//go:build linux

package listen

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSharedWithNone: a port may be joined only if all who have it share it.
func TestSharedWithNone(t *testing.T) {
	alone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	addrs := []string{alone.Addr().String()}
	refused(t, Config{Addrs: addrs}, "in use by another process")
	refused(t, Config{Addrs: addrs, Share: true}, "does not share it")
}

// TestShared: two that are told to share a port both listen.
func TestShared(t *testing.T) {
	first := opened(t, Config{Addrs: []string{"127.0.0.1:0"}})
	second := opened(t, Config{Addrs: []string{first.Addrs()[0].String()}, Share: true})
	if first.String() != second.String() {
		t.Errorf("they are on %s and %s", first, second)
	}
}

// TestUnspecifiedServesIPv4: :: takes connections to IPv4 addresses, whatever the
// machine's default for that is.
func TestUnspecifiedServesIPv4(t *testing.T) {
	s := opened(t, Config{Addrs: []string{"[::]:0"}})
	_, port, err := net.SplitHostPort(s.Addrs()[0].String())
	if err != nil || !strings.HasPrefix(s.String(), "[::]:") {
		t.Fatalf("the address is %s, %v", s, err)
	}
	for thread := range 2 {
		only, err := unix.GetsockoptInt(int(s.Thread(thread)[0].FD), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
		if err != nil || only != 0 {
			t.Errorf("thread %d: IPV6_V6ONLY is %d, %v", thread, only, err)
		}
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		conn, err := net.Dial("tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		conn.Close()
	}
}

// TestZone: an interface that is not there is refused, and one that is stays in the
// address, by its name.
func TestZone(t *testing.T) {
	refused(t, Config{Addrs: []string{"[fe80::1%nosuch]:0"}}, `no network interface "nosuch"`)
	refused(t, Config{Addrs: []string{"[fe80::1%2147483647]:0"}}, `no network interface "2147483647"`)
	refused(t, Config{Addrs: []string{"[fe80::1]:0"}}, "link-local", "%eth0")
	addr, number := linkLocal(t)
	for _, zone := range []string{addr.Zone(), number} {
		s := opened(t, Config{Addrs: []string{"[" + addr.WithZone(zone).String() + "]:0"}})
		if got := s.Addrs()[0].(*net.TCPAddr).AddrPort().Addr(); got != addr {
			t.Errorf("zone %s: the address is %s, want %s", zone, got, addr)
		}
		if err := answers(s.Addrs()[0]); err != nil {
			t.Error(err)
		}
	}
}

// linkLocal is a link-local address of this machine with its interface, and the
// interface's number.
func linkLocal(t *testing.T) (addr netip.Addr, number string) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err == nil && prefix.Addr().Is6() && prefix.Addr().IsLinkLocalUnicast() && i.Flags&net.FlagUp != 0 {
				return prefix.Addr().WithZone(i.Name), strconv.Itoa(i.Index)
			}
		}
	}
	t.Skip("this machine has no link-local address")
	return addr, ""
}

// TestOptions: connections have the options of their listener, an own one or one that
// was passed.
func TestOptions(t *testing.T) {
	for name, s := range map[string]*Set{
		"opened": opened(t, Config{Addrs: []string{"127.0.0.1:0"}}),
		"passed": opened(t, Config{Passed: []*os.File{socketOf(t, "tcp", "127.0.0.1:0")}}),
	} {
		for _, o := range inherited {
			if got, err := unix.GetsockoptInt(int(s.Thread(1)[0].FD), o.level, o.name); err != nil || got != o.value {
				t.Errorf("%s: option %d of level %d is %d, %v; want %d", name, o.name, o.level, got, err, o.value)
			}
		}
	}
}
