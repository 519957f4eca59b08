//go:build linux

package netio_test

import (
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	_ "github.com/disrust/disrust/server/internal/testflag"
)

func TestEveryCodeHasAName(t *testing.T) {
	seen := make(map[string]bool)
	for code := range netio.Codes {
		if name := code.String(); name == "" || seen[name] {
			t.Errorf("code %d is called %q", code, name)
		} else {
			seen[name] = true
		}
	}
}
