package command

import (
	"math"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	var b strings.Builder
	err := Streams{Stdout: &b}.JSON([]Number{1.5, Number(math.NaN()), Number(math.Inf(-1))})
	if want := "[\n 1.5,\n null,\n null\n]\n"; err != nil || b.String() != want {
		t.Errorf("%q, %v", b.String(), err)
	}
}
