package oip

import (
	"net"
	"net/netip"
	"slices"
)

// serves reports whether a peer may connect.
func (s *Server) serves(peer net.Addr) bool {
	tcp, isTCP := peer.(*net.TCPAddr)
	if !isTCP || len(s.allow) == 0 {
		return true
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(s.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}
