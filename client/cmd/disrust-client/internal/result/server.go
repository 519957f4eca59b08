package result

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/disrust/disrust/wire"
)

// Server is what the client knows of the server.
type Server struct {
	Address     string `json:"address"`
	ThisMachine bool   `json:"this_machine"`    // the address is a loopback address or a Unix socket
	Note        string `json:"note,omitempty"`  // the text of --server-note
	Model       *Model `json:"model,omitempty"` // nil in version 1 of the protocol, in which the server does not say
}

// Model is what the server says it serves.
type Model struct {
	Name       string `json:"name"`
	Dim        int    `json:"dim"`
	Outputs    int    `json:"outputs"` // scores per vector
	Kind       string `json:"kind"`    // of the scores: "unstated", "raw", "prob" or "class"
	MaxVectors int    `json:"max_vectors"`
	Identity   string `json:"identity"` // in hexadecimal; zeros: built in
}

// ModelOf returns the Model of a welcome.
func ModelOf(w wire.Welcome) *Model {
	return &Model{
		Name: w.Model, Dim: w.Format.Dim, Outputs: w.Format.Outputs, Kind: w.Kind.String(),
		MaxVectors: w.Format.MaxVectors, Identity: hex.EncodeToString(w.Identity[:]),
	}
}

// String returns m for people, with the first 12 digits of its identity.
func (m *Model) String() string {
	built := ""
	if strings.Trim(m.Identity, "0") == "" {
		built = " (built in)"
	}
	return fmt.Sprintf("model %q, dim %d, outputs %d, kind %s, max_vectors %d, identity %.12s%s",
		m.Name, m.Dim, m.Outputs, m.Kind, m.MaxVectors, m.Identity, built)
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
