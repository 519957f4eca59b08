package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/disrust/disrust/client"
)

// dial connects through the client library.
func (o *options) dial(ctx context.Context, cfg client.Config) (*client.Client, error) {
	c, err := client.Dial(ctx, cfg)
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = fmt.Errorf("cannot reach %s: %w", o.addr(), op.Err) // the rest of err repeats addr
	}
	return c, plain(err)
}

// unanswered adds the most likely cause to the error of a server that stayed silent or closed
// the connection: in version 1 the two ends may disagree on the size of frames.
func (o *options) unanswered(err error) error {
	if o.protocol > 1 || errors.Is(err, context.Canceled) {
		return plain(err)
	}
	return fmt.Errorf("%w (does the server have the same --dim and --max-vectors?)", plain(err))
}

// plain removes the client library's name from its errors: the tool's name stands before them
// already.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if text, ok := strings.CutPrefix(err.Error(), "client: "); ok {
		return reworded{text, err}
	}
	return err
}

// reworded is an error with another text.
type reworded struct {
	text string
	err  error
}

func (r reworded) Error() string { return r.text }
func (r reworded) Unwrap() error { return r.err }
