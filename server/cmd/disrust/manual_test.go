//go:build linux

package main

import (
	"testing"

	"github.com/disrust/disrust/client/tools/manual"
	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/cmd/disrust/internal/offline"
)

// TestReadmeManual compares the manual page and the completions with the flags; with -update it
// writes them.
func TestReadmeManual(t *testing.T) {
	p := theManual()
	readme.CheckFile(t, "../../deploy/disrust.1", p.Man())
	readme.CheckFile(t, "../../deploy/completions/disrust.bash", p.Bash())
	readme.CheckFile(t, "../../deploy/completions/_disrust", p.Zsh())
	readme.CheckFile(t, "../../deploy/completions/disrust.fish", p.Fish())
}

func theManual() manual.Program {
	list := defaults().list()
	p := manual.Program{
		Name: "disrust",
		Does: "serve a model on TCP ports and Unix sockets",
		Usage: []string{
			"disrust [flags] [io_threads [port]]",
			"disrust plan [flags] [io_threads [port]]",
			"disrust COMMAND [words] [flags]",
		},
		Flags: list,
		Commands: []manual.Command{
			{Name: planCommand, Does: "print the memory that serving with these flags would take", Flags: list},
			{Name: versionCommand, Does: "print the version and the commit"},
			{Name: helpCommand, Does: "print the flags"},
		},
		Sections: []manual.Section{
			{Title: "Signals", Text: `SIGTERM and SIGINT drain: the daemon answers what has arrived, closes the connections and ends. A second one ends it at once.

SIGHUP reloads the model from its file.`},
			{Title: "Exit status", Text: "0: done. 1: the environment does not allow what was asked for. 2: the command line makes no sense. 130: a second signal ended the daemon."},
			{Title: "Files", Text: "/var/lib/disrust/NAME/model is what the systemd unit disrust@NAME serves, and /etc/default/disrust-NAME may set FLAGS for it."},
		},
	}
	for _, name := range offline.Names() {
		c := offline.Find(name)
		p.Commands = append(p.Commands, manual.Command{Name: c.Name, Words: c.Words, Does: c.Does, Flags: c.New().Flags()})
	}
	return p
}
