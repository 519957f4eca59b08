package readme

import (
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	type inner struct {
		X float64 `json:"x,omitempty"`
	}
	type Embedded struct {
		E int `json:"e"`
	}
	type outer struct {
		A int      `json:"a"`
		B *inner   `json:"b"`
		C []*inner `json:"c"`
		D []string `json:"d"`
		*Embedded
		Hidden int `json:"-"`
		none   int
	}
	if got, want := Fields(outer{none: 1}), "`a`, `b.x`, `c[].x`, `d[]`, `e`\n"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if got := breakLines(strings.Repeat("four ", 24)); got != strings.Repeat("four ", 22)+"four\nfour" {
		t.Errorf("%q", got)
	}
}
