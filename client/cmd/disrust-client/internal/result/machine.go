package result

import (
	"net"
	"net/netip"
	"runtime"
	"strings"
)

// Machine is the machine on which a program runs. Unknown fields are empty.
type Machine struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Kernel   string `json:"kernel,omitempty"`
	CPUModel string `json:"cpu_model,omitempty"`
	CPUs     int    `json:"cpus"` // that this process may use
	Memory   int64  `json:"memory_bytes,omitempty"`
	Go       string `json:"go_version"`
}

// Server is what the client knows of the server.
type Server struct {
	Address     string `json:"address"`
	ThisMachine bool   `json:"this_machine"`   // the address is a loopback address or a Unix socket
	Note        string `json:"note,omitempty"` // the text of --server-note
}

// ThisMachine returns the machine that this process runs on.
func ThisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	m.readKernel()
	return m
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

// field returns the value of the first line "name: value" of a file such as /proc/cpuinfo, or
// "".
func field(text, name string) string {
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
