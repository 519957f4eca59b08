//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/server/daemontest"
)

// requestTimeout is the daemon's --request-timeout. The daemon closes the connection of an
// attacker that does not finish a request within it.
const requestTimeout = 6 * time.Second

// drainDeadline is the daemon's --drain-timeout. drainSlack is how much longer its process
// may take to end.
const (
	drainDeadline = 5 * time.Second
	drainSlack    = time.Second
)

// launch starts the daemon on a port. Port 0 is any free one.
func launch(o options, p plan, port string) (*daemontest.Daemon, error) {
	args := []string{"--port", port, "--max-conns", strconv.Itoa(o.maxConns),
		"--drain-timeout", drainDeadline.String(), "--request-timeout", requestTimeout.String()}
	args = append(append(args, p.placement.flags...), o.extra...)
	if p.fails {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return daemontest.Launch(exec.Command(self, append([]string{failingCommand}, args...)...))
	}
	args = append(args, "--metrics", "--metrics-interval", "1s")
	cmd := exec.Command(o.daemon, args...)
	if p.starved {
		limited := fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, fewDescriptors)
		cmd = exec.Command("sh", append([]string{"-c", limited, o.daemon}, args...)...)
	}
	return daemontest.Launch(cmd)
}

var count = regexp.MustCompile(`\b(refused|hellos|refused_hellos|late_requests|accept_errors|protocol_errors|pool_full|buffers_exhausted|request_ring_full|response_ring_full)=(\d+)`)

// counts returns the sums of the daemon's counters since it started. It reads the lines of
// metrics on the daemon's standard output.
func counts(d *daemontest.Daemon) map[string]int64 {
	sums := make(map[string]int64)
	for _, match := range count.FindAllStringSubmatch(d.Stdout.String(), -1) {
		n, err := strconv.ParseInt(match[2], 10, 64)
		if err == nil {
			sums[match[1]] += n
		}
	}
	return sums
}

// stderrTail says what a daemon wrote on stderr after its ready line.
func stderrTail(d *daemontest.Daemon) string {
	said := strings.TrimSpace(strings.TrimPrefix(d.Stderr.String(), d.Ready))
	if said == "" {
		return "it said nothing"
	}
	return "it said " + strconv.Quote(said[:min(len(said), 500)])
}
