package result

import (
	"os"
	"strconv"
	"strings"
)

// look reads proc(5).
func (m *Machine) look() {
	m.Kernel = strings.TrimSpace(read("/proc/sys/kernel/osrelease"))
	m.CPUModel = field(read("/proc/cpuinfo"), "model name")
	kibibytes, _, _ := strings.Cut(field(read("/proc/meminfo"), "MemTotal"), " ")
	if n, err := strconv.ParseInt(kibibytes, 10, 64); err == nil {
		m.Memory = n << 10
	}
}

// read returns what can be read of the file.
func read(name string) string {
	text, _ := os.ReadFile(name)
	return string(text)
}
