//go:build linux

package server_test

import (
	"net"
	"net/netip"
	"runtime"
	"testing"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// TestSocketOptions: connections are plain TCP (no Multipath TCP) and send at once. They
// find a peer that has vanished: an idle one after 60 s and four probes 15 s apart, and one
// that owes an acknowledgement after 120 s.
func TestSocketOptions(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		conn, err := net.Dial("tcp", s.Addr)
		rawtest.Check(t, err)
		defer conn.Close()
		var fd int
		rawtest.Until(t, "the server's end of the connection", func() bool {
			fd = connectedTo(netip.MustParseAddrPort(conn.LocalAddr().String()))
			return fd >= 0
		})
		for _, o := range []struct {
			name                string
			level, option, want int
		}{
			{"SO_PROTOCOL", unix.SOL_SOCKET, unix.SO_PROTOCOL, unix.IPPROTO_TCP},
			{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
			{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60},
			{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
			{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
			{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 120_000},
		} {
			got, err := unix.GetsockoptInt(fd, o.level, o.option)
			rawtest.Check(t, err)
			if got != o.want {
				t.Errorf("%s is %d, want %d", o.name, got, o.want)
			}
		}
	})
}

// connectedTo returns this process's descriptor of the connection to peer, or -1.
func connectedTo(peer netip.AddrPort) int {
	for fd := range 1000 {
		sa, err := unix.Getpeername(fd)
		if a, ok := sa.(*unix.SockaddrInet4); err == nil && ok && netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)) == peer {
			return fd
		}
	}
	return -1
}

// TestProcessorsToSpare: a server raises GOMAXPROCS, so that a locked thread, which gives
// up its P while it sleeps, finds a P when it wakes, whatever else runs.
func TestProcessorsToSpare(t *testing.T) {
	three := func(cfg *server.Config) { cfg.IOThreads, cfg.RequestRing = 3, 1<<10 }
	rawtest.Run(t, three, func(t *testing.T, s *rawtest.Server) {
		if got, want := runtime.GOMAXPROCS(0), runtime.NumCPU()+3+1; got < want {
			t.Errorf("GOMAXPROCS is %d with three I/O threads, want %d", got, want)
		}
	})
}
