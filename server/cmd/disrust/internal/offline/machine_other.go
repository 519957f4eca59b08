//go:build !linux

package offline

import "github.com/disrust/disrust/server/cmd/disrust/internal/command"

// machine are the commands that look at this machine: those for Linux.
var machine []*command.Command
