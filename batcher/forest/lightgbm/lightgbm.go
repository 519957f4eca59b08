package lightgbm

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// Is reports whether a file that begins with data is a LightGBM text model.
func Is(data []byte) bool {
	line, _, found := bytes.Cut(data, []byte("\n"))
	return found && string(bytes.TrimRight(line, "\r")) == "tree"
}

// Load makes a model of a file in memory. The model does not refer to data afterwards.
func Load(data []byte, o modelfile.Options) (*modelfile.Model, error) {
	l := &lines{rest: data}
	h, err := parseHead(l)
	if err != nil {
		return nil, err
	}
	iterations := h.trees / h.sums
	used, err := usedIterations(o, iterations)
	if err != nil {
		return nil, err
	}
	config, err := h.config(o.Output, used)
	if err != nil {
		return nil, err
	}
	config.Record, config.Kernel = o.Record, o.Kernel
	b, err := ensemble.NewBuilder(config)
	if err != nil {
		return nil, err
	}
	b.Reserve(countLeaves(l.rest))
	about := modelfile.About{
		Format:     format(h.version),
		Objective:  h.line,
		Iterations: iterations,
		Used:       used,
		Trees:      used * h.sums,
		Categories: categoryRule,
		Features:   h.names,
		Usage:      make([]modelfile.Usage, h.dim),
		Answers:    h.answers(used, iterations),
		NoBest:     errNoBest.Error(),
	}
	f := &forest{builder: b, reader: treeReader{dim: h.dim}, sums: h.sums, used: used * h.sums, about: &about}
	if err := f.parse(l); err != nil {
		return nil, err
	}
	about.Parameters = parameters(l)
	return &modelfile.Model{Model: b.Build(), About: about}, nil
}

func format(version string) string {
	if version == "" {
		return "LightGBM text"
	}
	return "LightGBM text " + version
}

var errNoBest = errors.New("a LightGBM text model does not say which iteration was the best: booster.save_model writes " +
	"only the iterations up to it, so use all")

// usedIterations returns how many iterations count.
func usedIterations(o modelfile.Options, iterations int) (int, error) {
	switch {
	case o.Iterations == modelfile.BestIteration:
		return 0, errNoBest
	case o.Iterations < 0:
		return 0, fmt.Errorf("%d iterations are asked for", o.Iterations)
	case o.Iterations > iterations:
		return 0, fmt.Errorf("%d iterations are asked for: the file has %d", o.Iterations, iterations)
	case o.Iterations > 0:
		return o.Iterations, nil
	}
	return iterations, nil
}

func (h *head) config(output wire.Kind, iterations int) (ensemble.Config, error) {
	if output == wire.Unstated {
		output = wire.Prob
	}
	if err := h.objective.refuse(output); err != nil {
		return ensemble.Config{}, err
	}
	c := ensemble.Config{Dim: h.dim, Groups: h.sums, SnapZero: true, Output: output, Transform: h.objective.transform}
	if h.average {
		c.Divisor = float64(iterations)
	}
	return c, nil
}

// forest reads the trees of a file into a builder.
type forest struct {
	builder *ensemble.Builder
	reader  treeReader
	sums    int
	used    int // trees that count
	read    int // trees
	about   *modelfile.About
}

// parse reads up to the end of the trees.
func (f *forest) parse(l *lines) error {
	label := ""
	for {
		line, ok := l.next()
		if !ok {
			return fmt.Errorf("the file ends in %s after %s, without 'end of trees': save it again with booster.save_model", label, f.reader.last)
		}
		next := bytes.HasPrefix(line, []byte("Tree="))
		end := string(line) == "end of trees"
		if (next || end) && label != "" {
			if err := f.add(); err != nil {
				return fmt.Errorf("%s: %w", label, err)
			}
		}
		switch {
		case end:
			return nil
		case next:
			label = short(line)
			f.reader.start()
		case len(line) > 0:
			if err := f.reader.line(line); err != nil {
				return fmt.Errorf("%s: %w", label, err)
			}
		}
	}
}

// add hands the tree that was read to the builder, if it counts.
func (f *forest) add() error {
	t, err := f.reader.finish()
	if err != nil {
		return err
	}
	t.Group = f.read % f.sums
	f.read++
	if f.read > f.used {
		return nil
	}
	if err := f.builder.Add(t); err != nil {
		return f.inWords(t, err)
	}
	f.about.Leaves += len(t.Leaves)
	for i, n := range t.Nodes {
		u := &f.about.Usage[n.Feature]
		u.Splits++
		u.Missing |= 1 << n.Missing
		if n.Test == ensemble.In {
			u.Categorical++
		}
		if gains := f.reader.gains; len(gains) > 0 && gains[i] > 0 {
			u.Gain += gains[i]
		} else {
			u.Gainless++
		}
	}
	return nil
}

// inWords says what is wrong with a tree in the words of the file.
func (f *forest) inWords(t *ensemble.Tree, err error) error {
	var fault *ensemble.Fault
	if !errors.As(err, &fault) || fault.Node < 0 || fault.Side == "" {
		return err
	}
	child := t.Nodes[fault.Node].Left
	if fault.Side == "right" {
		child = t.Nodes[fault.Node].Right
	}
	return fmt.Errorf("%s_child %d of node %d: %s (num_leaves=%d)", fault.Side, child, fault.Node, fault.Why, len(t.Leaves))
}
