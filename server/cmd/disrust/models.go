//go:build linux

package main

import (
	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/client/tools/flags"
)

// model makes a built-in model.
type model func() (batcher.Model, error)

// models are the built-in models; the first is the default. To add one, add a row.
var models = []flags.Option[model]{
	{Name: "sum", Value: func() (batcher.Model, error) { return batcher.Sum{}, nil }},
}
