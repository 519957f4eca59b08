package conformance_test

import (
	"strings"
	"testing"
)

// TestRightClient: a right client passes every scenario.
func TestRightClient(t *testing.T) {
	server := listen(t, patience)
	for _, name := range names(dialControl(t, server)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if wrong := play(dialControl(t, server), name, reference{t: t}); len(wrong) > 0 {
				t.Errorf("%s", strings.Join(wrong, "\n"))
			}
		})
	}
}
