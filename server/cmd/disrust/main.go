// Command disrust serves a model on TCP ports and Unix sockets, and works on the files of models. See
// the README of the server module, or disrust --help.
package main

import (
	"io"
	"os"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/cmd/disrust/internal/offline"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run carries out a command line, and returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	if c := offline.Find(first(args)); c != nil {
		return c.Run(flags.UntilSignal(), args[1:], stdout, stderr)
	}
	return runDaemon(args, stdout, stderr)
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func fail(stderr io.Writer, err error, status int) int {
	flags.Complain(stderr, "disrust", err)
	return status
}
