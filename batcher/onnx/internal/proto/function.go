package proto

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Function is an operator that a file defines by other operators.
type Function struct {
	Key             Key
	Inputs, Outputs []string
	Attributes      []string    // that a node may give; one without a default need not be there
	Defaults        []Attribute // of others
	Nodes           []Node
	Opsets          map[string]int64
}

// Key is what a node names its operator by.
type Key struct{ Domain, Operator, Overload string }

// Bounds of functions. PyTorch's exporter writes some ten, with some ten nodes each.
const (
	maxFunctions = 1 << 12
	maxValues    = 1 << 10 // inputs and outputs of a function
)

func readFunction(message []byte, index int) (Function, error) {
	f, what := Function{Opsets: map[string]int64{}}, fmt.Sprintf("function %d of the file", index)
	err := each(what, message, func(in field) error {
		text := func(to *[]string) error {
			var s string
			err := in.text(what, &s)
			*to = append(*to, s)
			return err
		}
		message := in.number == 7 || in.number == 9 || in.number == 11
		switch {
		case message && in.kind != protowire.BytesType:
			return in.wrong(what)
		case len(f.Inputs)+len(f.Outputs) > maxValues:
			return fmt.Errorf("%s has more than %d inputs and outputs", what, maxValues)
		case len(f.Nodes) == maxParts || len(f.Attributes)+len(f.Defaults) > maxAttributes:
			return fmt.Errorf("%s has more than %d nodes or %d attributes", what, maxParts-1, maxAttributes)
		}
		switch in.number {
		case 1:
			return in.text(what, &f.Key.Operator)
		case 4:
			return text(&f.Inputs)
		case 5:
			return text(&f.Outputs)
		case 6:
			return text(&f.Attributes)
		case 7:
			n, err := readNode(in.bytes, len(f.Nodes))
			f.Nodes = append(f.Nodes, n)
			return err
		case 9:
			return readOpset(in, f.Opsets)
		case 10:
			return in.text(what, &f.Key.Domain)
		case 11:
			a, err := readAttribute(in.bytes, "an attribute of "+what)
			f.Defaults = append(f.Defaults, a)
			return err
		case 13:
			return in.text(what, &f.Key.Overload)
		}
		return nil
	})
	if f.Key.Domain == "ai.onnx" {
		f.Key.Domain = ""
	}
	return f, err
}
