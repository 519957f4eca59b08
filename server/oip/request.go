package oip

import "github.com/disrust/disrust/server"

// request is a request of HTTP that has been read.
type request struct {
	id     string
	rows   int
	binary bool // the scores are to be binary
}

// head is what the JSON of a request says.
type head struct {
	id           string
	input        input
	inputs       int
	output       output
	outputs      int
	binaryOutput bool // what an output is that does not say it
}

// input is a tensor.
type input struct {
	name, datatype string
	shape          []int64
	size           int64 // of binary data behind the JSON; -1: none
	elements       int   // in the JSON
	hasData        bool
	dataErr        error // of elements; what is wrong with the rest of the tensor comes first
	ragged         bool  // the data are arrays in an array, and do not have the same length
	width          int   // of each of them; -1: the data are one array
}

// output is an output that the client has named.
type output struct {
	name         string
	binary, says bool // binary is what it says, if it says something
}

// parse reads the body of a request: JSON of the first jsonBytes, and binary data. It writes the features to
// w.rows.
func (w *workspace) parse(m *server.Served, body []byte, jsonBytes int) (q request, err error) {
	text, data := body[:jsonBytes], body[jsonBytes:]
	if len(text) == 0 {
		return w.parseRaw(m, data)
	}
	h, err := w.parseHead(text)
	if err != nil {
		return q, err
	}
	if h.inputs != 1 {
		return q, failf(invalid, "the request has %d inputs: the model takes one, %q", h.inputs, inputName)
	}
	q.id, q.binary = h.id, h.binaryOutput
	if q.rows, err = w.fill(m, &h.input, data); err != nil {
		return q, err
	}
	switch {
	case h.outputs > 1:
		return q, failf(invalid, "the request asks for %d outputs: the model has one, %q", h.outputs, outputName)
	case h.outputs == 0:
		return q, nil
	case h.output.says:
		q.binary = h.output.binary
	}
	return q, checkOutput(m, h.output.name)
}

// parseRaw takes a body without JSON as the only tensor. Its size says how many rows it has. The scores are
// binary too.
func (w *workspace) parseRaw(m *server.Served, data []byte) (q request, err error) {
	rowBytes := m.Format.RowBytes()
	if len(data) == 0 || len(data)%rowBytes != 0 {
		return q, failf(invalid, "the body has %d bytes: without JSON it is rows of %d features, which have %d bytes each", len(data), m.Format.Dim, rowBytes)
	}
	if q.rows, err = checkInput(m, inputName, fp32, []int64{int64(len(data) / rowBytes), int64(m.Format.Dim)}); err != nil {
		return q, err
	}
	w.copyRows(data)
	q.binary = true
	return q, nil
}

// fill checks an input and, if its data are binary, copies them.
func (w *workspace) fill(m *server.Served, in *input, data []byte) (rows int, err error) {
	if rows, err = checkInput(m, in.name, in.datatype, in.shape); err != nil {
		return 0, err
	}
	if in.size >= 0 {
		switch {
		case in.hasData:
			return 0, failf(invalid, "input %q has both data and binary_data_size", inputName)
		case in.size != int64(len(data)):
			return 0, failf(invalid, "input %q has binary_data_size %d, and %d bytes follow the JSON", inputName, in.size, len(data))
		}
		if err := checkBytes(m, rows, len(data)); err != nil {
			return 0, err
		}
		w.copyRows(data)
		return rows, nil
	}
	switch {
	case len(data) > 0:
		return 0, failf(invalid, "%d bytes follow the JSON, and no input has binary_data_size", len(data))
	case !in.hasData:
		return 0, failf(invalid, "input %q has no data", inputName)
	case in.dataErr != nil:
		return 0, in.dataErr
	case in.ragged || in.width >= 0 && in.width != m.Format.Dim:
		return 0, failf(invalid, "input %q has rows of other lengths than %d", inputName, m.Format.Dim)
	}
	return rows, checkElements(m, rows, in.elements)
}

// parseHead reads the JSON of a request.
func (w *workspace) parseHead(text []byte) (h head, err error) {
	r := jsonReader{text: text}
	err = r.object(func(name string) (err error) {
		switch name {
		case "id":
			if h.id, err = r.string(); err == nil {
				err = checkID(len(h.id))
			}
		case "parameters":
			err = r.object(func(name string) (err error) {
				if name == "binary_data_output" {
					h.binaryOutput, err = r.boolean()
					return err
				}
				return skipParameter(&r, name)
			})
		case "inputs":
			err = r.array(func() (err error) {
				if h.inputs++; h.inputs > 1 {
					return r.skip()
				}
				h.input, err = w.parseInput(&r)
				return err
			})
		case "outputs":
			err = r.array(func() (err error) {
				if h.outputs++; h.outputs > 1 {
					return r.skip()
				}
				h.output, err = parseOutput(&r)
				return err
			})
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return h, err
	}
	return h, r.end()
}

const (
	maxRank   = 8 // of a shape that is read; the model takes one of 2
	maxFloats = MaxRequestBytes / floatBytes
)

// parseInput reads a tensor. Its data go to w.rows.
func (w *workspace) parseInput(r *jsonReader) (in input, err error) {
	in.size, in.width = -1, -1
	err = r.object(func(name string) (err error) {
		switch name {
		case "name":
			in.name, err = r.string()
		case "datatype":
			in.datatype, err = r.string()
		case "shape":
			in.shape = nil
			err = r.array(func() error {
				n, err := r.integer()
				if in.shape = append(in.shape, n); len(in.shape) > maxRank {
					err = failf(invalid, "input %.64q has a shape of more than %d numbers", in.name, maxRank)
				}
				return err
			})
		case "parameters":
			err = r.object(func(name string) (err error) {
				if name != "binary_data_size" {
					return skipParameter(r, name)
				}
				if in.size, err = r.integer(); err == nil && in.size < 0 {
					err = failf(invalid, "binary_data_size %d is less than 0", in.size)
				}
				return err
			})
		case "data":
			in.hasData = true
			begin, depth := r.at, r.depth
			if in.dataErr = w.parseData(r, &in); in.dataErr != nil { // the elements may be of another datatype
				r.at, r.depth = begin, depth
				err = r.skip()
			}
		default:
			err = r.skip()
		}
		return err
	})
	return in, err
}

// parseData reads the elements of a tensor: in one array, or in an array for each row.
func (w *workspace) parseData(r *jsonReader, in *input) error {
	w.rows, in.elements, in.width, in.ragged = w.rows[:0], 0, -1, false
	element := func() error {
		f, err := r.float32()
		if err == nil && len(w.rows) == maxFloats {
			err = failf(tooLarge, "the data have more than %d elements", maxFloats)
		}
		w.rows = append(w.rows, f)
		return err
	}
	err := r.array(func() error {
		if r.next() != '[' {
			in.ragged = in.ragged || in.width >= 0
			return element()
		}
		begin := len(w.rows)
		in.ragged = in.ragged || in.width < 0 && begin > 0
		err := r.array(element)
		width := len(w.rows) - begin
		in.ragged = in.ragged || in.width >= 0 && width != in.width
		in.width = width
		return err
	})
	in.elements = len(w.rows)
	return err
}

// parseOutput reads what a client wants of an output.
func parseOutput(r *jsonReader) (o output, err error) {
	err = r.object(func(name string) (err error) {
		switch name {
		case "name":
			o.name, err = r.string()
		case "parameters":
			err = r.object(func(name string) (err error) {
				if name == "binary_data" {
					o.says = true
					o.binary, err = r.boolean()
					return err
				}
				return skipParameter(r, name)
			})
		default:
			err = r.skip()
		}
		return err
	})
	return o, err
}

func skipParameter(r *jsonReader, name string) error {
	if err := checkParameter(name); err != nil {
		return err
	}
	return r.skip()
}
