//go:build linux

package main

import (
	"testing"
	"time"
)

// TestVersionOfPackage: a commit without a tag sorts before the first one, and a candidate before its release.
func TestVersionOfPackage(t *testing.T) {
	at := time.Date(2026, 11, 29, 23, 59, 58, 0, time.FixedZone("", 3600))
	for _, test := range []struct {
		b    binary
		want string
	}{
		{binary{version: "(devel)", commit: "8328dec58174cd8f007a368ea5c8de29cedfab3f", at: at}, "0.0.0~20261129225958.8328dec58174"},
		{binary{version: "(devel)", commit: "8328dec58174cd8f007a368ea5c8de29cedfab3f", at: at, dirty: true}, "0.0.0~20261129225958.8328dec58174+modified"},
		{binary{version: "(devel)"}, "0.0.0~devel"},
		{binary{version: "v0.1.0-rc.1"}, "0.1.0~rc.1"},
		{binary{version: "v0.1.0"}, "0.1.0"},
		{binary{version: "v0.1.0+dirty", dirty: true}, "0.1.0+modified"},
	} {
		if got := test.b.debian(); got != test.want {
			t.Errorf("%+v: %s, want %s", test.b, got, test.want)
		}
	}
}
