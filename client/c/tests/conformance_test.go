//go:build linux

package tests

import (
	"testing"

	"github.com/disrust/disrust/client/languages/subject"
)

// ways are the ways in which subject makes calls: with blocking calls and in an event loop.
var ways = []subject.Way{{Name: "wait"}, {Name: "run", OneByOne: true}, {Name: "loop"}}

// player has subject make calls in one of its ways.
func player(t *testing.T, way string) subject.Player {
	t.Helper()
	if way == "swapped" {
		return subject.Once(compile(t, "subject", "-DDISRUST_BIG_ENDIAN=1", "-DOTHER_ORDER"), "wait")
	}
	return subject.Once(compile(t, "subject"), way)
}

// TestConformance: the client passes every scenario of version 2, which is all that it speaks. The last way is
// that of big-endian machines.
func TestConformance(t *testing.T) {
	subject.Conformance(t, player, append(ways, subject.Way{Name: "swapped"})...)
}
