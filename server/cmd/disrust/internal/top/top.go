// Package top is the command that shows a daemon live: what its admin port says, and what changes there.
package top

import (
	"context"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/client/tools/progress"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
)

// Command is the command.
var Command = &command.Command{
	Name: "top", Does: "show a daemon live: its rate, latency, threads, connections, and what waits",
	Help: `Reads the admin port of a daemon that was started with --admin, at each interval. In a terminal q ends it, and
p keeps the figures still. Elsewhere, or with --once, it prints the figures of one interval and ends.

Rates and latencies are those of the last interval. Latency is the time that requests spend in the server.`,
	New: func() command.Invocation { return &top{admin: "127.0.0.1:9901", interval: time.Second} },
}

type top struct {
	admin    string
	interval time.Duration
	once     bool
}

func (t *top) Flags() flags.List {
	return flags.List{
		flags.New("admin", address(&t.admin), "the daemon's admin port"),
		flags.New("interval", flags.Duration(&t.interval, 100*time.Millisecond, time.Hour), "time between two readings"),
		flags.New("once", flags.Toggle(&t.once), "print one reading and end"),
	}
}

// address is the value of a flag for an address to connect to.
func address(to *string) flags.Value {
	const allowed = "host:port or unix:PATH, such as 127.0.0.1:9901 or unix:/run/disrust/admin.sock,"
	return flags.Custom(to, "ADDR", allowed, func(s string) (string, error) {
		if path, ok := strings.CutPrefix(s, unixPrefix); ok && path != "" {
			return s, nil
		}
		host, port, err := net.SplitHostPort(s)
		if number, err2 := strconv.Atoi(port); err != nil || err2 != nil || host == "" || number < 1 || number > math.MaxUint16 {
			return "", flags.ErrNotAllowed
		}
		return s, nil
	}, func(s string) string { return s })
}

func (t *top) Run(ctx context.Context, _ []string, s command.Streams) error {
	from := newSource(t.admin)
	first, err := from.read(ctx)
	if err != nil {
		return fmt.Errorf("%w (--admin says where the daemon has its admin port)", err)
	}
	shows := &screen{addr: t.admin, glyphs: &blocks, history: history{span: max(historySpan, t.interval)}}
	if !t.once && progress.IsWatched(s.Stdout) {
		return t.live(ctx, from, first, shows)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(t.interval):
	}
	second, err := from.read(ctx)
	if err != nil {
		return err
	}
	shows.plain, shows.shown = true, compare(first, second)
	for _, l := range shows.lines(plainWidth, math.MaxInt32) {
		fmt.Fprintln(s.Text, strings.TrimRight(l.String(), " "))
	}
	return nil
}

const (
	historySpan = 5 * time.Second // of a column of the rates of the last minutes
	plainWidth  = 80
)
