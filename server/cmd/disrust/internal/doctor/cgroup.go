//go:build linux

package doctor

import (
	"strconv"
	"strings"

	"github.com/disrust/disrust/server/cmd/disrust/internal/cgroup"
)

// quota is how much CPU time the cgroups of this process may take.
type quota struct {
	known        bool
	cpus         float64
	periodMicros int
	throttled    int // how often the kernel has stopped the cgroup
}

// quota returns the smallest quota of this process's cgroup and of those above it.
func (m machine) quota() (least quota) {
	for _, dir := range cgroup.Folders(m.files, "cpu") {
		text, _ := m.text(dir + "/cpu.max") // version 2
		fields := strings.Fields(text)
		if len(fields) != 2 {
			micros, _ := m.text(dir + "/cpu.cfs_quota_us") // version 1: -1 is none
			period, _ := m.text(dir + "/cpu.cfs_period_us")
			fields = []string{micros, period}
		}
		micros, err := strconv.Atoi(fields[0])
		period, errPeriod := strconv.Atoi(fields[1])
		if err != nil || errPeriod != nil || micros <= 0 || period <= 0 {
			continue
		}
		if cpus := float64(micros) / float64(period); !least.known || cpus < least.cpus {
			stopped, _ := m.line(dir+"/cpu.stat", "nr_throttled ")
			times, _ := strconv.Atoi(stopped)
			least = quota{true, cpus, period, times}
		}
	}
	return least
}

// memory returns the smallest limit on memory of this process's cgroup and of those above it.
func (m machine) memory() (least uint64, known bool) {
	const none = 1 << 60 // version 1 has a large number for none
	for _, dir := range cgroup.Folders(m.files, "memory") {
		for _, file := range []string{"/memory.max", "/memory.limit_in_bytes"} {
			text, _ := m.text(dir + file)
			limit, err := strconv.ParseUint(text, 10, 64)
			if err == nil && limit < none && (!known || limit < least) {
				least, known = limit, true
			}
		}
	}
	return least, known
}
