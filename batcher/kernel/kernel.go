// Package kernel names the sets of instructions that models are scored with, and knows which of them
// this processor runs.
//
// Whoever builds a model asks for a [Kind]. A model that has code for several kinds takes the best of
// them that is not better than that. Its scores have the same bits with each.
package kernel

import (
	"errors"
	"fmt"
	"slices"
)

// Kind is a set of instructions. A greater one contains the smaller ones.
type Kind uint8

const (
	Auto     Kind = iota // the best that this processor runs
	Portable             // Go's own, on every processor
	AVX2                 // amd64 with AVX2, FMA and BMI1: since 2013
	AVX512               // and AVX-512 F, BW, DQ, VL and VBMI: since 2019
)

// names are those that Parse takes, by their kinds.
var names = []string{"auto", "portable", "avx2", "avx512"}

// String returns the name that Parse takes.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Parse returns the kind with a name.
func Parse(name string) (Kind, error) {
	if at := slices.Index(names, name); at >= 0 {
		return Kind(at), nil
	}
	return Auto, fmt.Errorf("there is no kernel %q: auto, portable, avx2 or avx512 is allowed", name)
}

// All returns the kinds that this processor runs, from Portable on.
func All() []Kind {
	kinds := []Kind{Portable}
	for k := AVX2; k <= AVX512 && lacks(k) == ""; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// ErrNotHere is the error of a kind that this processor does not run.
var ErrNotHere = errors.New("this processor does not have them: auto takes the best that it has")

// Check returns an error that wraps [ErrNotHere] if this processor, or its system, does not run k.
func (k Kind) Check() error {
	if k > AVX512 {
		return fmt.Errorf("there is no kernel %v", k)
	}
	if missing := lacks(k); missing != "" {
		return fmt.Errorf("the kernel %v needs %s: %w", k, missing, ErrNotHere)
	}
	return nil
}

// Resolve returns the kind that a model takes for which k was asked: k, or, for Auto, the best that this
// processor runs. It is never Auto, and fails as Check does.
func (k Kind) Resolve() (Kind, error) {
	if k != Auto {
		return k, k.Check()
	}
	all := All()
	return all[len(all)-1], nil
}
