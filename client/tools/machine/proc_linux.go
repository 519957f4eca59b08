package machine

import (
	"os"
	"strconv"
	"strings"
)

// readKernel reads the kernel, the CPU model and the memory from proc(5).
func (m *Machine) readKernel() {
	m.Kernel = strings.TrimSpace(read("/proc/sys/kernel/osrelease"))
	m.CPUModel = field(read("/proc/cpuinfo"), "model name")
	kibibytes, _, _ := strings.Cut(field(read("/proc/meminfo"), "MemTotal"), " ")
	if n, err := strconv.ParseInt(kibibytes, 10, 64); err == nil {
		m.Memory = n << 10
	}
}

// read returns the text of a file, or "" if the file cannot be read.
func read(name string) string {
	text, _ := os.ReadFile(name)
	return string(text)
}
