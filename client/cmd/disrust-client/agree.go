package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/wire"
)

// completeFormat checks the format of the command line, and completes it in version 1, in which
// the server says nothing.
func (o *options) completeFormat() error {
	f := &o.format
	if o.protocol == 1 {
		*f = wire.Format{
			Dim: cmp.Or(f.Dim, wire.DefaultDim), Outputs: 1, MaxVectors: cmp.Or(f.MaxVectors, wire.DefaultMaxVectors),
		}
	}
	if most := cmp.Or(f.MaxVectors, 1) * f.Dim; most > wire.MaxFrameBytes/4-1 {
		return fmt.Errorf("--dim %d and --max-vectors %d: a request of them has more than %d bytes, the most that is allowed", f.Dim, f.MaxVectors, wire.MaxFrameBytes)
	}
	if most := o.mix.Largest(); f.MaxVectors > 0 && most > f.MaxVectors {
		return fmt.Errorf("--vectors has %d: with --max-vectors %d, 1 to %[2]d is allowed", most, f.MaxVectors)
	}
	return nil
}

// agree asks the server what it serves, and completes the format with it. It returns an error if
// the command line asks for something else. In version 1 it asks nothing.
func (o *options) agree(ctx context.Context) error {
	if o.protocol == 1 {
		return nil
	}
	w, err := drive.Describe(ctx, o.addr(), o.stall)
	switch {
	case errors.Is(err, drive.ErrNoWelcome):
		return fmt.Errorf("%w (--protocol 1 speaks version 1)", err)
	case errors.Is(err, context.Canceled):
		return reworded{"interrupted before the run", err}
	case err != nil:
		return err
	}
	f := &o.format
	switch {
	case f.Dim > 0 && f.Dim != w.Format.Dim:
		return fmt.Errorf("--dim %d: the server's model, %q, has dim %d", f.Dim, w.Model, w.Format.Dim)
	case f.MaxVectors > w.Format.MaxVectors:
		return fmt.Errorf("--max-vectors %d: the server allows %d vectors per request", f.MaxVectors, w.Format.MaxVectors)
	case o.mix.Largest() > w.Format.MaxVectors:
		return fmt.Errorf("--vectors has %d: the server allows %d vectors per request", o.mix.Largest(), w.Format.MaxVectors)
	case o.command.knows("verify") && o.verify == drive.BySum && w.Format.Outputs > 1:
		return fmt.Errorf("--verify sum: the server's model, %q, gives %d scores per vector, and sum gives one; %s", w.Model, w.Format.Outputs, otherVerifications)
	}
	o.server = w
	o.format = wire.Format{Dim: w.Format.Dim, Outputs: w.Format.Outputs, MaxVectors: cmp.Or(f.MaxVectors, w.Format.MaxVectors)}
	return nil
}
