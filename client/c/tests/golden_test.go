//go:build linux

package tests

import (
	"os/exec"
	"testing"

	"github.com/disrust/disrust/client/languages/golden"
)

// TestGolden: the client finds in the golden frames what they hold, fed whole and byte by byte. Of a refusal it
// keeps 1023 bytes.
func TestGolden(t *testing.T) {
	golden.Compare(t, exec.Command(compile(t, "golden")), 1023)
}
