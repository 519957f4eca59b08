// Package offline lists the commands that work on the file of a model without serving it. They run
// on every system.
package offline

import (
	"github.com/disrust/disrust/server/cmd/disrust/internal/check"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/inspect"
	"github.com/disrust/disrust/server/cmd/disrust/internal/score"
	"github.com/disrust/disrust/server/cmd/disrust/internal/verify"
)

// commands are in the order of the help. To add one, add a row.
var commands = []*command.Command{
	check.Command,
	inspect.Command,
	verify.Command,
	score.Command,
}

// Find returns the command of that name, or nil.
func Find(name string) *command.Command {
	for _, c := range commands {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names returns the names of the commands.
func Names() (names []string) {
	for _, c := range commands {
		names = append(names, c.Name)
	}
	return names
}

// Help writes a line for each command.
func Help() string {
	return "On the file of a model, each with a --help of its own:\n" + command.List(commands)
}
