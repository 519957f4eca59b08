//go:build linux

package doctor

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

const cpuFolder = "sys/devices/system/cpu"

// governors say what a clock that does not stay high costs.
var governors = map[string]struct {
	state state
	costs string
}{
	"performance": {ok, ""},
	"powersave":   {problem, "The clock stays at its lowest rate, so everything takes longer."},
}

// adaptive is what any other governor costs.
const adaptive = "The clock is low when a thread wakes after a pause, so the first requests after it take longer."

// clock looks at the governors of the CPUs that this process may use, and takes the worst.
func (m machine) clock() finding {
	f := finding{Name: "CPU clock", State: ok, Seen: "the host's affair: no governor shows here"}
	counts := make(map[string]int)
	for _, cpu := range m.cpus() {
		dir := fmt.Sprintf("%s/cpu%d/cpufreq/", cpuFolder, cpu)
		governor, shown := m.text(dir + "scaling_governor")
		if !shown {
			continue
		}
		counts[governor]++
		g, fixed := governors[governor]
		if driver, _ := m.text(dir + "scaling_driver"); !fixed || governor == "powersave" && adapts(driver) {
			g.state, g.costs = note, adaptive
		}
		if worse(g.state, f.State) {
			f.State, f.Costs = g.state, g.costs
		}
	}
	if len(counts) == 0 {
		return f
	}
	var seen []string
	for _, governor := range slices.Sorted(maps.Keys(counts)) {
		seen = append(seen, fmt.Sprintf("governor %s on %d of %d CPUs", governor, counts[governor], len(m.cpus())))
	}
	f.Seen = strings.Join(seen, ", ")
	if f.State != ok {
		f.Mend = []string{"cpupower frequency-set -g performance"}
	}
	return f
}

// adapts reports whether a driver adapts the clock under the governor powersave. Others keep the lowest rate.
func adapts(driver string) bool { return driver == "intel_pstate" || driver == "amd-pstate-epp" }

func worse(a, b state) bool { return a == problem && b != problem || a == note && b == ok }

// smt looks for CPUs of this process that share a core.
func (m machine) smt() finding {
	const name = "SMT"
	cpus := m.cpus()
	var firsts []int // one of each core
	taken := make(map[int]bool)
	shows := false
	for _, cpu := range cpus {
		siblings, shown := m.text(fmt.Sprintf("%s/cpu%d/topology/thread_siblings_list", cpuFolder, cpu))
		shows = shows || shown
		if !taken[cpu] {
			firsts = append(firsts, cpu)
		}
		for _, sibling := range numbers(siblings) {
			taken[sibling] = true
		}
	}
	f := finding{Name: name, State: ok, Seen: "each CPU is a core of its own, as far as this machine shows"}
	switch {
	case !shows:
		return unknown(name, cpuFolder)
	case len(firsts) == len(cpus):
		return f
	}
	f.State, f.Seen = note, fmt.Sprintf("%d CPUs are hyper-threads of %d cores", len(cpus), len(firsts))
	if len(firsts) == 1 {
		f.Seen = fmt.Sprintf("%d CPUs are hyper-threads of 1 core", len(cpus))
		f.Costs = "Threads that are busy on both slow each other down, and so do clients on this machine."
		return f
	}
	f.Costs = "Two busy threads on one core slow each other down. --pin takes CPUs in the order of their numbers, which may fill a core first: give it one CPU of each core. (Not measured.)"
	f.Mend = []string{"taskset -c " + list(firsts) + " disrust --pin"}
	return f
}

// memoryNodes looks for CPUs of this process in several memory nodes.
func (m machine) memoryNodes() finding {
	f := finding{Name: "memory nodes", State: ok, Seen: "1"}
	found, _ := fs.Glob(m.files, "sys/devices/system/node/node[0-9]*/cpulist")
	allowed := m.cpus()
	var nodes []string
	for _, file := range found {
		text, _ := m.text(file)
		has := func(cpu int) bool { return slices.Contains(allowed, cpu) }
		if slices.ContainsFunc(numbers(text), has) {
			nodes = append(nodes, strings.TrimPrefix(path.Base(path.Dir(file)), "node"))
		}
	}
	if len(nodes) < 2 {
		return f
	}
	f.State, f.Seen = note, fmt.Sprintf("%d, with CPUs of this process in each", len(nodes))
	f.Costs = "Memory of another node takes longer to reach. One daemon in each node, all on the same port, keeps everything near. (Not measured.)"
	for _, node := range nodes {
		f.Mend = append(f.Mend, fmt.Sprintf("numactl --cpunodebind=%s --membind=%s disrust --share-port", node, node))
	}
	return f
}
