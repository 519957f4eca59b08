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

// TestSharedWithNone: a server may join a port only if every process that has it shares it.
func TestSharedWithNone(t *testing.T) {
	alone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	addrs := []string{alone.Addr().String()}
	wantRefused(t, Config{Addrs: addrs}, "in use by another process")
	wantRefused(t, Config{Addrs: addrs, Share: true}, "does not share it")
}

// TestShared: a second server that is told to share joins the first one's port.
func TestShared(t *testing.T) {
	first := mustOpen(t, Config{Addrs: []string{"127.0.0.1:0"}})
	second := mustOpen(t, Config{Addrs: []string{first.Addrs()[0].String()}, Share: true})
	if first.String() != second.String() {
		t.Errorf("the servers are on %s and %s", first, second)
	}
}

// TestUnspecifiedServesIPv4: a listener on :: takes connections to IPv4 addresses too,
// whatever the machine's default (net.ipv6.bindv6only) is.
func TestUnspecifiedServesIPv4(t *testing.T) {
	s := mustOpen(t, Config{Addrs: []string{"[::]:0"}})
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

// TestZone: an address with an unknown interface is refused. A known interface stays in the
// address, by its name.
func TestZone(t *testing.T) {
	wantRefused(t, Config{Addrs: []string{"[fe80::1%nosuch]:0"}}, `no network interface "nosuch"`)
	wantRefused(t, Config{Addrs: []string{"[fe80::1%2147483647]:0"}}, `no network interface "2147483647"`)
	wantRefused(t, Config{Addrs: []string{"[fe80::1]:0"}}, "link-local", "%eth0")
	addr, number := linkLocal(t)
	for _, zone := range []string{addr.Zone(), number} {
		s := mustOpen(t, Config{Addrs: []string{"[" + addr.WithZone(zone).String() + "]:0"}})
		if got := s.Addrs()[0].(*net.TCPAddr).AddrPort().Addr(); got != addr {
			t.Errorf("zone %s: the address is %s, want %s", zone, got, addr)
		}
		if err := dial(s.Addrs()[0]); err != nil {
			t.Error(err)
		}
	}
}

// linkLocal returns a link-local address of this machine, with its interface's name as
// zone, and that interface's number.
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

// TestOptions: every listener has the options that connections inherit, whether Open made it
// or a service manager passed it.
func TestOptions(t *testing.T) {
	for name, s := range map[string]*Set{
		"opened": mustOpen(t, Config{Addrs: []string{"127.0.0.1:0"}}),
		"passed": mustOpen(t, Config{Passed: []*os.File{listenerFile(t, "tcp", "127.0.0.1:0")}}),
	} {
		for _, o := range inherited {
			if got, err := unix.GetsockoptInt(int(s.Thread(1)[0].FD), o.level, o.name); err != nil || got != o.value {
				t.Errorf("%s: option %d of level %d is %d, %v; want %d", name, o.name, o.level, got, err, o.value)
			}
		}
	}
}
