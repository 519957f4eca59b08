package verify

import (
	"strings"
	"testing"
)

// TestScreen: a long path fits on a screen, with its ends and the node where the paths part.
func TestScreen(t *testing.T) {
	threshold := number(0.5)
	e := &explanation{Explains: "leaf", Others: 1, CutOff: true, Tree: 3, Parts: 50, Leaf: leaf{7, double(1)}, Other: &leaf{8, double(2)}}
	for i := range int32(100) {
		e.Path = append(e.Path, node{Number: i, Name: "x", Value: 1, Test: "<=", Threshold: &threshold, Missing: "NaN right"})
	}
	var text strings.Builder
	(&first{Row: 9, Expected: []number{1}, Got: []number{2}, Explanation: e}).write(&text, "class")
	for _, want := range []string{
		"Tree 3 alone explains it: with leaf 8 instead of leaf 7", "before it had tried all leaves", "1 other tree", "--output raw says more",
		"node 0 ", "node 50 ", "goes right: here the paths part", "node 99 ", "  ...", "leaf 7", "leaf 8",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	if lines := strings.Count(text.String(), "\n"); lines > 35 {
		t.Errorf("%d lines:\n%s", lines, &text)
	}
	text.Reset()
	(&first{Row: 9, Expected: []number{1}, Got: []number{2}, linear: true}).write(&text, "raw")
	if !strings.Contains(text.String(), "linear") || strings.Contains(text.String(), "path") {
		t.Error(text.String())
	}
}

// TestCondition: few categories are named, and many are counted.
func TestCondition(t *testing.T) {
	for want, n := range map[string]node{
		"in {0, 2, 33}": {Test: "in", Categories: members([]uint32{5, 2})},
		"in {0, 1, 2, 3, 4, 5, 6, 7, and 24 more}": {Test: "in", Categories: members([]uint32{1<<32 - 1})},
		"not in {}": {Test: "not in", Categories: members(nil)},
	} {
		if got := n.condition(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
