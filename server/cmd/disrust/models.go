//go:build linux

package main

import (
	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/client/tools/flags"
)

// models are the built-in models; the first is the default. To add one, add a row.
var models = []flags.Option[batcher.Model]{
	{Name: "sum", Value: batcher.Sum{}},
}
