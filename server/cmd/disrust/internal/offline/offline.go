// Package offline lists the commands that do not serve: those that work on the file of a model or ask a running
// daemon, which run on every system, and those that look at this machine.
package offline

import (
	"slices"

	"github.com/disrust/disrust/server/cmd/disrust/internal/check"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/inspect"
	"github.com/disrust/disrust/server/cmd/disrust/internal/score"
	"github.com/disrust/disrust/server/cmd/disrust/internal/top"
	"github.com/disrust/disrust/server/cmd/disrust/internal/verify"
)

// files are the commands on the file of a model, in the order of the help. To add one, add a row.
var files = []*command.Command{
	check.Command,
	inspect.Command,
	verify.Command,
	score.Command,
}

// daemons are the commands that ask a running daemon.
var daemons = []*command.Command{top.Command}

// all returns the commands in the order of the help.
func all() []*command.Command { return slices.Concat(files, daemons, machine) }

// Find returns the command of that name, or nil.
func Find(name string) *command.Command {
	for _, c := range all() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names returns the names of the commands.
func Names() (names []string) {
	for _, c := range all() {
		names = append(names, c.Name)
	}
	return names
}

// Help writes a line for each command.
func Help() string {
	help := "On the file of a model, each with a --help of its own:\n" + command.List(files) +
		"\nOn a running daemon, with a --help of its own:\n" + command.List(daemons)
	if len(machine) > 0 {
		help += "\nOn this machine, with a --help of its own:\n" + command.List(machine)
	}
	return help
}
