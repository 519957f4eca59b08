package catmodel

import (
	"fmt"

	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// ReadParams finds the loss function in the parameters of the training. The rest of them is
// nested, and left out.
func (m *Model) ReadParams(r document.Reader) error {
	return document.Fields(r, []document.Field{
		{Name: "loss_function", Read: func() error {
			return document.Fields(r, []document.Field{
				{Name: "type", Read: func() (err error) { m.Loss, err = r.Text(); return err }},
				{Name: "params", Read: func() error { return m.readParameters(r) }},
			}, nil)
		}},
		{Name: "flat_params", Read: func() error { return m.readParameters(r) }},
	}, nil)
}

// maxParameters bounds what is kept of the training's parameters.
const maxParameters = 1000

func (m *Model) readParameters(r document.Reader) error {
	return document.Fields(r, nil, func(key string) error {
		kind, err := r.Kind()
		if err != nil {
			return err
		}
		var value string
		switch kind {
		case document.String:
			value, err = r.Text()
		case document.Number:
			var x float64
			x, err = r.Float64()
			value = fmt.Sprint(x)
		default:
			return r.Skip()
		}
		if len(m.Parameters) < maxParameters {
			m.Parameters = append(m.Parameters, modelfile.Parameter{Name: key, Value: value})
		}
		return err
	})
}
