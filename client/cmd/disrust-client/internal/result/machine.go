package result

import (
	"net"
	"net/netip"
	"runtime"
	"strings"
)

// Machine is where a program runs. What cannot be found out is empty.
type Machine struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Kernel   string `json:"kernel,omitempty"`
	CPUModel string `json:"cpu_model,omitempty"`
	CPUs     int    `json:"cpus"` // that this process may use
	Memory   int64  `json:"memory_bytes,omitempty"`
	Go       string `json:"go_version"`
}

// Server is what the client's end knows of the other.
type Server struct {
	Address     string `json:"address"`
	ThisMachine bool   `json:"this_machine"`   // the address is a loopback one, or a Unix socket
	Note        string `json:"note,omitempty"` // whatever the person said of it
}

// ThisMachine is the one it runs on.
func ThisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	m.look()
	return m
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

// field is the value of the first line "name: value" of a file such as
// /proc/cpuinfo, or "".
func field(text, name string) string {
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
