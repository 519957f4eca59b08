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

// TestBest: a model's own kind goes first, then what Use said, then the best of this processor; and what
// the processor does not run is refused everywhere.
func TestBest(t *testing.T) {
	t.Cleanup(func() { used.Store(uint32(Auto)) })
	all := All()
	if best, err := Best(Auto); best != all[len(all)-1] || err != nil {
		t.Errorf("the best is %v, %v", best, err)
	}
	for _, allowed := range all {
		if err := Use(allowed); err != nil {
			t.Fatal(err)
		}
		if best, err := Best(Auto); best != allowed || err != nil {
			t.Errorf("%v is used: %v, %v", allowed, best, err)
		}
		for _, own := range all {
			if best, err := Best(own); best != own || err != nil {
				t.Errorf("%v is used, and %v asked for: %v, %v", allowed, own, best, err)
			}
		}
	}
	if err := Use(Auto); err != nil {
		t.Fatal(err)
	}
	for k := Portable; k <= AVX512+1; k++ {
		_, err := Best(k)
		if runs := slices.Contains(all, k); runs != (err == nil) || runs != (Use(k) == nil) {
			t.Errorf("%v, of %v: %v", k, all, err)
		}
		if k <= AVX512 && err != nil && !errors.Is(err, ErrNotHere) {
			t.Errorf("%v: %v", k, err)
		}
	}
}
