package result

import (
	"net"
	"net/netip"
	"strings"
)

// Server is what the client's end knows of the other.
type Server struct {
	Address     string `json:"address"`
	ThisMachine bool   `json:"this_machine"`   // the address is a loopback one, or a Unix socket
	Note        string `json:"note,omitempty"` // whatever the person said of it
}

// ServerAt is the server at address, host:port or unix:PATH, with the person's note on it.
func ServerAt(address, note string) Server {
	return Server{Address: address, ThisMachine: local(address), Note: note}
}

// local decides by the address alone: it asks no resolver.
func local(address string) bool {
	if strings.HasPrefix(address, "unix:") {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
