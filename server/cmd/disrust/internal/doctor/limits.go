//go:build linux

package doctor

import (
	"fmt"
	"math"
	"strconv"

	"golang.org/x/sys/unix"
)

// lockedBytes is what the io_uring of an I/O thread locks, on Linux 6.18.
const lockedBytes = 200 << 10

// lockedMemory compares the limit with the I/O threads of a cheap and of a costly model.
func (m machine) lockedMemory() finding {
	const name = "locked memory"
	limit, known := m.limit("Max locked memory", false)
	f := finding{Name: name, State: ok}
	cheap, costly := m.ioThreads()
	switch {
	case !known:
		return unknown(name, "proc/self/limits")
	case m.mayLock():
		f.Seen = "no limit for this process (CAP_IPC_LOCK)"
		return f
	case limit == unlimited:
		f.Seen = "no limit"
		return f
	}
	f.Seen = bytes(uint64(limit))
	if m.uring != nil {
		f.Seen += ", and epoll needs none"
		return f
	}
	f.Seen += fmt.Sprintf(", of which the io_uring of an I/O thread takes about %s", bytes(lockedBytes))
	switch {
	case limit < cheap*lockedBytes:
		f.State, f.Costs = problem, fmt.Sprintf("The daemon does not start with its %s. With --io epoll it does.", threads(cheap))
	case limit < costly*lockedBytes:
		f.State, f.Costs = note, fmt.Sprintf("With a costly model, which has %s, the daemon does not start.", threads(costly))
	default:
		return f
	}
	f.Mend = []string{"ulimit -l 65536", "docker run --ulimit memlock=67108864", "systemd unit: LimitMEMLOCK=64M"}
	return f
}

func threads(n int) string {
	if n == 1 {
		return "1 I/O thread"
	}
	return fmt.Sprint(n, " I/O threads")
}

// mayLock reports whether the limit on locked memory does not concern this process.
func (m machine) mayLock() bool {
	text, _ := m.line("proc/self/status", "CapEff:")
	capabilities, err := strconv.ParseUint(text, 16, 64)
	return err == nil && capabilities&(1<<unix.CAP_IPC_LOCK) != 0
}

// ioThreads returns how many I/O threads the daemon has by default, for a cheap model and for a costly one.
func (m machine) ioThreads() (cheap, costly int) {
	cpus := len(m.cpus())
	if q := m.quota(); q.known {
		cpus = int(min(float64(cpus), max(2, math.Ceil(q.cpus)))) // as Go counts them
	}
	return max(1, cpus/2), max(1, cpus-1)
}

// besides is how many descriptors the daemon needs besides those of its connections, generously.
const besides = 64

func (m machine) openFiles(n need) finding {
	const name = "open files"
	limit, known := m.limit("Max open files", true)
	if !known {
		return unknown(name, "proc/self/limits")
	}
	f := finding{Name: name, State: ok, Seen: fmt.Sprint(limit)}
	if limit == unlimited {
		f.Seen = "no limit"
	}
	if limit >= n.conns+besides {
		return f
	}
	room := max(1, limit-besides)
	f.State = problem
	f.Costs = fmt.Sprintf("The daemon serves about %d connections at once, and not the %d that --max-conns allows. More of them wait until one ends (accept_errors).", room, n.conns)
	f.Mend = []string{
		fmt.Sprintf("ulimit -n %d", n.conns+besides), fmt.Sprintf("docker run --ulimit nofile=%d", n.conns+besides),
		fmt.Sprintf("systemd unit: LimitNOFILE=%d", n.conns+besides), fmt.Sprintf("disrust --max-conns %d", room),
	}
	return f
}

func (m machine) cpuQuota() finding {
	const name = "CPU quota"
	cpus, q := m.cpus(), m.quota()
	if len(cpus) == 0 {
		return unknown(name, "proc/self/status")
	}
	f := finding{Name: name, State: ok, Seen: fmt.Sprintf("none, and %d CPUs", len(cpus))}
	if len(cpus) == 1 {
		f.Seen = "none, and 1 CPU"
	}
	if !q.known {
		return f
	}
	f.Seen = fmt.Sprintf("%.3g CPUs in every %d ms, of %d", q.cpus, q.periodMicros/1000, len(cpus))
	if q.throttled > 0 {
		f.Seen += fmt.Sprintf("; the kernel has stopped the cgroup %d times", q.throttled)
	}
	if q.cpus >= float64(len(cpus)) {
		return f
	}
	whole := cpus[:min(len(cpus), max(1, int(q.cpus)))]
	f.State = problem
	f.Costs = fmt.Sprintf("Threads that have used up the quota stand still until the %d ms are over, and so do all answers. Whole CPUs in place of a quota have no such pauses.", q.periodMicros/1000)
	f.Mend = []string{
		"docker run --cpuset-cpus=" + list(whole), "systemd unit: AllowedCPUs=" + list(whole),
		"Kubernetes: a whole number of CPUs as request and limit, and the CPU manager policy static",
	}
	return f
}

func (m machine) memoryLimit(n need) finding {
	limit, known := m.memory()
	takes := fmt.Sprintf("with its default flags the daemon takes %s, and with all connections at most %s, beside the model", bytes(n.fixed), bytes(n.most))
	f := finding{Name: "memory limit", State: ok, Seen: "none; " + takes}
	if !known {
		return f
	}
	f.Seen = bytes(limit) + "; " + takes
	switch {
	case limit < n.fixed:
		f.State, f.Costs = problem, "The kernel kills the daemon when it starts."
	case limit < n.most:
		f.State, f.Costs = note, "Peers that fill all connections can have the kernel kill the daemon. disrust plan counts what your flags and model take."
		if conns := (limit - n.fixed) / n.perConn; conns > 0 {
			f.Mend = []string{fmt.Sprintf("disrust --max-conns %d", conns)}
		}
	default:
		return f
	}
	const mib = 1 << 20
	more := (n.most + n.most/4) / mib // the kernel's socket buffers count, too
	f.Mend = append(f.Mend, fmt.Sprintf("docker run --memory %dm", more), fmt.Sprintf("systemd unit: MemoryMax=%dM", more))
	return f
}
