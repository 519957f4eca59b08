package oip

import (
	"encoding/hex"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/wire"
)

// The tensors of every model, and their datatype.
const (
	inputName  = "features"
	outputName = "scores"
	fp32       = "FP32"

	floatBytes = 4
)

// MaxRequestBytes is what the largest request may have: the body in HTTP, the message in gRPC. It is
// also the most that the features of a request may take. The server's own protocol has the same bound for a frame.
const MaxRequestBytes = wire.MaxFrameBytes

// MaxAnswerBytes is the most that the scores of a request may take, as float32. Answers wait in the server for clients
// that do not read.
const MaxAnswerBytes = 512 << 10

// maxIDBytes is how long the id of a request may be. Its answer has it.
const maxIDBytes = 1 << 10

// builtInVersion is the version of a model without an identity.
const builtInVersion = "1"

// versionOf returns the version of a model: it names the identity, which no other model has.
func versionOf(m *server.Served) string {
	const digits = 12
	if m.Identity == (wire.Identity{}) {
		return builtInVersion
	}
	return hex.EncodeToString(m.Identity[:])[:digits]
}

// find returns an error unless m is the model of that name and version. No version is any version.
func find(m *server.Served, name, version string) error {
	if name != m.Name {
		return failf(notFound, "there is no model %.64q: %q is served", name, m.Name)
	}
	if served := versionOf(m); version != "" && version != served {
		return failf(notFound, "model %q has no version %.64q: %q is served", name, version, served)
	}
	return nil
}

// checkInput returns the number of rows of an input, or says why the model does not take it.
func checkInput(m *server.Served, name, datatype string, shape []int64) (rows int, err error) {
	dim := int64(m.Format.Dim)
	switch {
	case name != inputName:
		return 0, failf(invalid, "there is no input %.64q: %q is the one that model %q takes", name, inputName, m.Name)
	case datatype != fp32:
		return 0, failf(invalid, "input %q has the datatype %.64q: %s is the one that the model takes", name, datatype, fp32)
	case len(shape) != 2 || shape[0] < 1 || shape[1] != dim:
		return 0, failf(invalid, "input %q has the shape %d: [rows, %d] with at least 1 row is what the model takes", name, shape, dim)
	}
	most := int64(min(MaxRequestBytes/(floatBytes*m.Format.Dim), MaxAnswerBytes/(floatBytes*m.Format.Outputs)))
	if shape[0] > most {
		return 0, failf(tooLarge, "input %q has %d rows: a request may have %d, whose features take at most %d bytes and whose scores %d", name, shape[0], most, MaxRequestBytes, MaxAnswerBytes)
	}
	return int(shape[0]), nil
}

// checkElements returns an error unless a tensor of rows has as many elements as its shape says.
func checkElements(m *server.Served, rows, elements int) error {
	if want := rows * m.Format.Dim; elements != want {
		return failf(invalid, "input %q has %d elements, and its shape [%d, %d] says %d", inputName, elements, rows, m.Format.Dim, want)
	}
	return nil
}

// checkBytes is checkElements for a binary tensor.
func checkBytes(m *server.Served, rows, size int) error {
	if want := floatBytes * rows * m.Format.Dim; size != want {
		return failf(invalid, "input %q has %d bytes, and its shape [%d, %d] and datatype %s say %d", inputName, size, rows, m.Format.Dim, fp32, want)
	}
	return nil
}

// checkOutput returns an error unless the model has an output of that name.
func checkOutput(m *server.Served, name string) error {
	if name != outputName {
		return failf(invalid, "there is no output %.64q: %q is the one that model %q has", name, outputName, m.Name)
	}
	return nil
}

// checkParameter refuses parameters that say that tensors are elsewhere, or are to be something else. All other
// parameters that the protocol does not define change nothing.
func checkParameter(name string) error {
	switch name {
	case "classification", "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size":
		return failf(invalid, "the parameter %q is of an extension that this server does not have", name)
	}
	return nil
}

// checkID refuses an id of so many bytes.
func checkID(size int) error {
	if size > maxIDBytes {
		return failf(invalid, "the id has %d bytes: at most %d are allowed", size, maxIDBytes)
	}
	return nil
}

// resize returns a slice of n floats, in the memory of f if that is large enough.
func resize(f []float32, n int) []float32 {
	if cap(f) < n {
		return make([]float32, n)
	}
	return f[:n]
}
