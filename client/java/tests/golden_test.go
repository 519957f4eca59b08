//go:build linux

package tests

import (
	"math"
	"testing"

	"github.com/disrust/disrust/client/languages/golden"
)

// TestGolden: the client finds in the golden frames what they hold, fed whole and byte by byte.
func TestGolden(t *testing.T) {
	t.Parallel()
	golden.Compare(t, java("Golden"), math.MaxInt)
}
