package result

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine is where everything ran. What cannot be found out is empty.
type Machine struct {
	CPUs   int    `json:"cpus"` // that this process may use
	Model  string `json:"cpu_model,omitempty"`
	System string `json:"system"`
	Kernel string `json:"kernel,omitempty"`
	Go     string `json:"go_version"`
}

// ThisMachine is the one it runs on.
func ThisMachine() Machine {
	return Machine{
		CPUs: runtime.NumCPU(), Model: cpuModel(read("/proc/cpuinfo")),
		System: runtime.GOOS + "/" + runtime.GOARCH, Kernel: strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		Go: runtime.Version(),
	}
}

// String is the machine in a line.
func (m Machine) String() string {
	text := fmt.Sprintf("%d CPUs", m.CPUs)
	if m.Model != "" {
		text += " (" + m.Model + ")"
	}
	return strings.TrimSpace(text+", "+m.System+" "+m.Kernel) + ", " + m.Go
}

// cpuModel is the first "model name" of /proc/cpuinfo's text.
func cpuModel(text string) string {
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// read returns what can be read of the file.
func read(name string) string {
	text, _ := os.ReadFile(name)
	return string(text)
}
