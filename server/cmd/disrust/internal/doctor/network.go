//go:build linux

package doctor

import (
	"fmt"

	"github.com/disrust/disrust/server/internal/netio"
)

func (m machine) somaxconn() finding {
	const name, file = "somaxconn", "proc/sys/net/core/somaxconn"
	n, shown := m.number(file)
	if !shown {
		return unknown(name, file)
	}
	f := finding{Name: name, State: ok, Seen: fmt.Sprint(n)}
	if n < netio.Backlog {
		f.State = note
		f.Costs = fmt.Sprintf("When more than about %d clients connect to an I/O thread in the same moment, the kernel drops further ones, which try again after a second.", n)
		f.Mend = []string{fmt.Sprintf("sysctl -w net.core.somaxconn=%d", netio.Backlog), fmt.Sprintf("docker run --sysctl net.core.somaxconn=%d", netio.Backlog)}
	}
	return f
}

func (m machine) busyPolling() finding {
	f := finding{Name: "busy polling", State: ok}
	poll, shown := m.number("proc/sys/net/core/busy_poll")
	read, shownRead := m.number("proc/sys/net/core/busy_read")
	switch {
	case !shown && !shownRead:
		f.Seen = "the host's setting does not show here"
	case poll == 0 && read == 0:
		f.Seen = "off: a thread that waits polls by itself (--wait)"
	default:
		f.State, f.Seen = note, fmt.Sprintf("net.core.busy_poll is %d and net.core.busy_read %d", poll, read)
		f.Costs = "The kernel polls network cards on behalf of every socket, also of those of other programs: less latency for more CPU time. Measure both, because disrust's threads poll as well."
		f.Mend = []string{"sysctl -w net.core.busy_poll=0 net.core.busy_read=0"}
	}
	return f
}
