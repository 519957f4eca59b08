package verify

import (
	"fmt"
	"strings"

	"github.com/disrust/disrust/batcher/forest/ensemble"
)

var tests = map[ensemble.Test]string{ensemble.UpTo: "<=", ensemble.Below: "<", ensemble.In: "in", ensemble.NotIn: "not in"}

var missing = map[ensemble.Missing]string{
	ensemble.NaNRight:  "NaN right",
	ensemble.NaNLeft:   "NaN left",
	ensemble.NaNZero:   "NaN is 0",
	ensemble.ZeroRight: "0 and NaN right",
	ensemble.ZeroLeft:  "0 and NaN left",
}

// path describes the nodes that the row passes in a tree.
func (s *search) path(tree int, steps []ensemble.Step, names []string) []node {
	t := &s.record.Trees[tree]
	all := []node{}
	for _, step := range steps {
		n := &t.Nodes[step.Node]
		d := node{
			Number: numbered(t.NodeNumbers, step.Node), Feature: n.Feature, Name: fmt.Sprint("feature ", n.Feature),
			Value: number(s.features[n.Feature]), Left: step.Left,
			Test: tests[n.Test], Missing: missing[n.Missing],
		}
		if n.Feature < len(names) {
			d.Name = names[n.Feature]
		}
		if n.Test == ensemble.In || n.Test == ensemble.NotIn {
			d.Categories = members(n.Set)
		} else {
			threshold := number(n.Threshold)
			d.Threshold = &threshold
		}
		all = append(all, d)
	}
	return all
}

func (s *search) leaf(tree, at int) *leaf {
	l := &leaf{Number: numbered(s.record.Trees[tree].LeafNumbers, at)}
	if value := s.record.Value(tree, at, s.features); s.record.Config.Sum == ensemble.Single {
		l.Value = number(value)
	} else {
		l.Value = double(value)
	}
	return l
}

// numbered returns what the file calls a node or a leaf.
func numbered(numbers []int32, at int) int32 {
	if numbers == nil {
		return int32(at)
	}
	return numbers[at]
}

// members returns the categories of a set.
func members(set []uint32) (all []int) {
	for category := range 32 * len(set) {
		if set[category/32]>>(category%32)&1 == 1 {
			all = append(all, category)
		}
	}
	return all
}

// condition writes what goes left in a few words.
func (n *node) condition() string {
	if n.Threshold != nil {
		return n.Test + " " + n.Threshold.String()
	}
	const most = 8
	shown := n.Categories[:min(len(n.Categories), most)]
	text := n.Test + " {" + strings.Trim(strings.ReplaceAll(fmt.Sprint(shown), " ", ", "), "[]")
	if rest := len(n.Categories) - len(shown); rest > 0 {
		text += fmt.Sprintf(", and %d more", rest)
	}
	return text + "}"
}
