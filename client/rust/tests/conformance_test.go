//go:build linux

package tests

import (
	"testing"

	"github.com/disrust/disrust/client/languages/subject"
)

// ways are the ways in which subject makes calls: with those of a round in a pipeline, and one by one.
var ways = []subject.Way{{Name: "pipeline"}, {Name: "score", OneByOne: true}}

// player has subject make calls in one of its ways.
func player(t *testing.T, way string) subject.Player {
	t.Helper()
	return subject.Once(compile(t, "subject"), way)
}

// TestConformance: the client passes every scenario of version 2, which is all that it speaks.
func TestConformance(t *testing.T) {
	subject.Conformance(t, player, ways...)
}
