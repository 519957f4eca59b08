package kernel

import (
	"errors"
	"slices"
	"testing"
)

// TestNames: each kind is parsed from its name, and nothing else is.
func TestNames(t *testing.T) {
	for k := Auto; k <= AVX512; k++ {
		if got, err := Parse(k.String()); got != k || err != nil {
			t.Errorf("%q is %v, %v", k.String(), got, err)
		}
	}
	for _, name := range []string{"", "AVX2", "avx", "Kind(4)"} {
		if k, err := Parse(name); err == nil {
			t.Errorf("%q is %v", name, k)
		}
	}
}

// TestResolve: a kind stands for itself, and Auto for the best of this processor. What the processor does
// not run is refused.
func TestResolve(t *testing.T) {
	all := All()
	if best, err := Auto.Resolve(); best != all[len(all)-1] || err != nil {
		t.Errorf("the best of %v is %v, %v", all, best, err)
	}
	for k := Portable; k <= AVX512+1; k++ {
		got, err := k.Resolve()
		if runs := slices.Contains(all, k); got != k || runs != (err == nil) {
			t.Errorf("%v, of %v: %v, %v", k, all, got, err)
		}
		if k <= AVX512 && err != nil && !errors.Is(err, ErrNotHere) {
			t.Errorf("%v: %v", k, err)
		}
	}
}
