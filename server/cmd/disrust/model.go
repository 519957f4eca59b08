//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/server/cmd/disrust/internal/reload"
	"github.com/disrust/disrust/wire"
)

// builtIn is the name of the built-in model. A file of this name is ./sum.
const builtIn = "sum"

// builtInModel is the model of that name. A test puts one in its place that does not return.
var builtInModel batcher.Model = batcher.Sum{}

// loadModel makes the model that the flags name.
func (o *options) loadModel() error {
	if o.model == builtIn {
		if len(o.fileFlags) > 0 {
			return &usageError{fmt.Errorf("%s: the built-in model %s has one output, no iterations and one kernel: name a file with --model", strings.Join(o.fileFlags, " and "), builtIn)}
		}
		if o.watch {
			return &usageError{fmt.Errorf("--watch: the built-in model %s has no file to watch: name a file with --model", builtIn)}
		}
		o.cfg.ModelName, o.cfg.Model = builtIn, builtInModel
		return nil
	}
	name, file := modelflag.Split(o.model)
	if !wire.ValidName(name) {
		return &usageError{fmt.Errorf("--model: clients cannot ask for the model's name %q, which must be UTF-8 of at most %d bytes: give it another with --model NAME=FILE", name, wire.MaxNameBytes)}
	}
	if err := o.file.Kernel.Check(); err != nil {
		return &usageError{fmt.Errorf("--kernel: %w", err)}
	}
	m, err := reload.Load(file, o.file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; the built-in model is %s", err, builtIn)
	}
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // what the file took, which may be more than the model takes
	o.loaded = m
	o.cfg.ModelName, o.cfg.Model, o.cfg.Identity = name, m.Model, m.Identity
	o.cfg.Beside = append(o.cfg.Beside, server.Part{Name: "model before, and one being loaded", Count: reloadModels, Each: uint64(m.Bytes()), Fields: []string{"Model"}})
	return nil
}

// reloadModels is how many models a daemon that reloads holds beside the one that is served: the one before,
// and the next one while it is loaded. They may be larger than this one; the plan takes them to be as large.
const reloadModels = 2

// awaitLoad calls load and returns what it returns, or the error of ctx if that ends first. Then load
// goes on in the background: the process is about to end.
func awaitLoad(ctx context.Context, load func() error) error {
	loaded := make(chan error, 1)
	go func() { loaded <- load() }()
	select {
	case err := <-loaded:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// usageError is an error of the command line that is found when the model is loaded.
type usageError struct{ error }
