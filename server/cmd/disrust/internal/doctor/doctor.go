//go:build linux

// Package doctor is the command that says what this machine allows the daemon and what it lacks.
package doctor

import (
	"context"
	"fmt"
	"os"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/internal/netio/uringio"
)

// Command is the command.
var Command = &command.Command{
	Name: "doctor", Does: "say what this machine allows the daemon, what it lacks, and what mends that",
	Help: `Looks at the kernel, at io_uring as the daemon does, at the limits on memory, descriptors and CPUs, and at
what makes CPUs slow or uneven. Run it as the user and in the container or unit that the daemon runs in: limits
are a process's own. It changes nothing.

A note costs something in some cases. A problem keeps the daemon with its default flags from starting, from
serving as many connections as it allows, or from an even speed.
The exit status is 0 if there is no problem, 1 if there is one, and 2 for a wrong command line, or if the result
cannot be written.`,
	Failed: flags.StatusUsage,
	New:    func() command.Invocation { return &doctor{} },
}

type doctor struct{ json bool }

func (d *doctor) Flags() flags.List {
	return flags.List{flags.New("json", flags.Toggle(&d.json), "write JSON")}
}

func (d *doctor) Run(_ context.Context, _ []string, s command.Streams) error {
	m := machine{files: os.DirFS("/"), uring: uringio.Check()}
	need, err := needs()
	if err != nil {
		return err
	}
	r := m.examine(need)
	if !d.json {
		r.write(s.Text)
	} else if err := s.JSON(r); err != nil {
		return err
	}
	if r.Problems > 0 {
		return command.ErrTold
	}
	return nil
}

// need is what a daemon with its default flags takes.
type need struct {
	conns       int
	fixed, most uint64 // bytes of memory: at its start, and with all connections
	perConn     uint64
}

// needs returns what the daemon takes, with the built-in model and one I/O thread.
func needs() (need, error) {
	cfg := server.DefaultConfig()
	cfg.ModelName, cfg.Model, cfg.IOThreads, cfg.BatchThreads = "sum", batcher.Sum{}, 1, server.Inline
	budget, err := cfg.Budget()
	if err != nil {
		return need{}, fmt.Errorf("what the daemon takes: %w", err)
	}
	return need{cfg.MaxConns, budget.Start(), budget.Total(), budget.Conn}, nil
}
