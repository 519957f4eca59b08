// Command conformance-server runs the scripted server for the tests of a client in any
// language. It prints one line of JSON, {"control":"127.0.0.1:PORT"}, and ends when its
// standard input ends or on a signal. The README of client/conformance says what goes over the
// control port.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/disrust/disrust/client/conformance"
	"github.com/disrust/disrust/client/tools/flags"
)

const name = "conformance-server"

func main() {
	os.Exit(run(flags.UntilSignal(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

const help = `conformance-server: the scripted server that tests a client of disrust

  conformance-server

It prints its control port as a line of JSON, and ends when its standard input ends.
`

// run is main without the process. It returns when ctx or stdin ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	line, err := flags.List{}.Parse(args)
	if err == nil && len(line.Words) > 0 {
		err = fmt.Errorf("there is no command %q: no word is allowed", line.Words[0])
	}
	if err != nil {
		return flags.Answer(err, name, help, stdout, stderr)
	}
	if err := serve(ctx, stdin, stdout); err != nil {
		flags.Complain(stderr, name, err)
		return flags.StatusFailed
	}
	return 0
}

func serve(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	s, err := conformance.Listen(conformance.DefaultPatience)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := json.NewEncoder(stdout).Encode(map[string]string{"control": s.Addr()}); err != nil {
		return fmt.Errorf("cannot print the control port: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, stdin)
		close(ended)
	}()
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}
