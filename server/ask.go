//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/disrust/disrust/batcher"
)

// ask runs call, which calls the model before it serves, and returns what call returns. It
// runs call on a goroutine of its own, because the model may do anything. A panic, or the end of
// the goroutine, becomes an error. If ctx ends first, ask returns the cause of its end and leaves
// the goroutine behind until the model returns.
func ask[T any](ctx context.Context, c *Config, call func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: batcher.ErrExited} // if call neither returns nor panics
		defer func() {
			if p := recover(); p != nil {
				a.err = &batcher.PanicError{Value: p, Stack: debug.Stack()}
			}
			answers <- a
		}()
		value, err := call()
		a = answer{value, err}
	}()
	var none T
	select {
	case a := <-answers:
		if a.err == nil {
			return a.value, nil
		}
		if ctx.Err() == nil {
			return none, c.blameModel(a.err)
		}
	case <-ctx.Done():
	}
	return none, context.Cause(ctx)
}

// askHere is ask on the caller's goroutine, and so with its priority. It returns when the model does. If
// the model ends the goroutine, it does not return.
func askHere[T any](c *Config, call func() (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = c.blameModel(&batcher.PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	if value, err = call(); err != nil {
		err = c.blameModel(err)
	}
	return value, err
}

// fault says whose failure an error is.
type fault struct {
	of  string
	err error
}

func (f *fault) Error() string { return f.of + ": " + faultText(f.err) }
func (f *fault) Unwrap() error { return f.err }

// faultText returns the text of a failure of the model, without the prefix of its package.
func faultText(err error) string { return strings.TrimPrefix(fmt.Sprint(err), "batcher: ") }

// blameModel returns the error of Start for a failure of the model, and logs the stack of a
// panic.
func (c *Config) blameModel(err error) error {
	if p, panicked := errors.AsType[*batcher.PanicError](err); panicked {
		c.Log.Error("the model panicked at the start", "error", faultText(err), "stack", string(p.Stack))
	}
	return &fault{"model " + c.ModelName, err}
}
