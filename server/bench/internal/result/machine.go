package result

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine is the machine on which everything ran. Unknown fields are empty.
type Machine struct {
	CPUs   int    `json:"cpus"` // that this process may use
	Model  string `json:"cpu_model,omitempty"`
	System string `json:"system"`
	Kernel string `json:"kernel,omitempty"`
	Go     string `json:"go_version"`
}

// ThisMachine returns the machine that this process runs on.
func ThisMachine() Machine {
	return Machine{
		CPUs: runtime.NumCPU(), Model: cpuModel(read("/proc/cpuinfo")),
		System: runtime.GOOS + "/" + runtime.GOARCH, Kernel: strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		Go: runtime.Version(),
	}
}

// String describes the machine in one line.
func (m Machine) String() string {
	text := fmt.Sprintf("%d CPUs", m.CPUs)
	if m.Model != "" {
		text += " (" + m.Model + ")"
	}
	return strings.TrimSpace(text+", "+m.System+" "+m.Kernel) + ", " + m.Go
}

// cpuModel returns the first "model name" in the text of /proc/cpuinfo.
func cpuModel(text string) string {
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// read returns the text of a file, or "" if it cannot be read.
func read(name string) string {
	text, _ := os.ReadFile(name)
	return string(text)
}
