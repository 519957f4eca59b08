//go:build !linux

package main

import (
	"errors"
	"io"
	"slices"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/cmd/disrust/internal/offline"
)

// runDaemon says what there is instead of the daemon.
func runDaemon(args []string, stdout, stderr io.Writer) int {
	line, err := flags.List{}.Parse(args)
	switch {
	case slices.Contains(line.Words, "version"):
		err = flags.ErrVersion
	case slices.Contains(line.Words, "help"):
		err = flags.ErrHelp
	case !errors.Is(err, flags.ErrVersion) && !errors.Is(err, flags.ErrHelp):
		return fail(stderr, errors.New("serving needs Linux; here disrust help lists what it can do"), flags.StatusFailed)
	}
	return flags.Answer(err, "disrust", "disrust serves a model on Linux. On this system it works on the files of models, and watches daemons elsewhere.\n\n"+offline.Help(), stdout, stderr)
}
