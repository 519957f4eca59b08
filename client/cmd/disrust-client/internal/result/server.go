package result

import (
	"net"
	"net/netip"
	"strings"
)

// Server is what the client knows of the server.
type Server struct {
	Address     string `json:"address"`
	ThisMachine bool   `json:"this_machine"`    // the address is a loopback address or a Unix socket
	Note        string `json:"note,omitempty"`  // the text of --server-note
	Model       string `json:"model,omitempty"` // what the server says of its model, in version 2 of the protocol
}

// ServerAt returns the Server at address, which is host:port or unix:PATH, with a note.
func ServerAt(address, note string) Server {
	return Server{Address: address, ThisMachine: local(address), Note: note}
}

// local reports whether the address is of this machine. It looks only at the address and asks
// no resolver.
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
