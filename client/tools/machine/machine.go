// Package machine says what machine a program runs on: the facts without which
// a measurement means little.
package machine

import (
	"fmt"
	"runtime"
	"strings"
)

// Machine is where a program runs. A fact that the system does not tell is
// empty. Its JSON is part of stored runs.
type Machine struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Kernel   string `json:"kernel,omitempty"`
	CPUModel string `json:"cpu_model,omitempty"`
	CPUs     int    `json:"cpus"` // that this process may use
	Memory   int64  `json:"memory_bytes,omitempty"`
	Go       string `json:"go_version"`
}

// This returns the machine that the program runs on.
func This() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	m.readKernel()
	return m
}

// String returns the machine in one line: Hardware, then System.
func (m Machine) String() string { return m.Hardware() + "; " + m.System() }

// Hardware returns the CPUs and the memory in words.
func (m Machine) Hardware() string {
	text := fmt.Sprintf("%d CPUs", m.CPUs)
	if m.CPUs == 1 {
		text = "1 CPU"
	}
	if m.CPUModel != "" {
		text += ", " + m.CPUModel
	}
	if m.Memory > 0 {
		text += fmt.Sprintf(", %.1f GiB of memory", float64(m.Memory)/(1<<30))
	}
	return text
}

// System returns the operating system, its kernel, the architecture and Go's
// version in words.
func (m Machine) System() string {
	words := []string{m.OS + "/" + m.Arch}
	if m.Kernel != "" {
		words = append(words, "kernel "+m.Kernel)
	}
	return strings.Join(append(words, m.Go), ", ")
}

// field returns the value of the first line "name: value" of a file such as
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
