package oip

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/disrust/disrust/server"
)

// pieceBytes is how much of an answer is made before it is written.
const pieceBytes = 32 << 10

// answer writes the scores of a request.
func (w *workspace) answer(to http.ResponseWriter, m *server.Served, q *request) {
	text := append(w.text[:0], '{')
	if q.id != "" {
		text = appendString(append(text, `"id":`...), q.id)
		text = append(text, ',')
	}
	text = appendString(append(text, `"model_name":`...), m.Name)
	text = appendString(append(text, `,"model_version":`...), versionOf(m))
	text = append(text, `,"outputs":[{"name":"`+outputName+`","datatype":"`+fp32+`","shape":[`...)
	text = strconv.AppendInt(text, int64(q.rows), 10)
	text = strconv.AppendInt(append(text, ','), int64(m.Format.Outputs), 10)
	text = append(text, `],`...)
	if q.binary {
		w.text = w.writeBinary(to, text)
		return
	}
	w.text = w.writeText(to, text)
}

// writeBinary completes an answer with binary scores, and writes it. It returns the memory of text.
func (w *workspace) writeBinary(to http.ResponseWriter, text []byte) []byte {
	size := floatBytes * len(w.scores)
	text = strconv.AppendInt(append(text, `"parameters":{"binary_data_size":`...), int64(size), 10)
	text = append(text, `}}]}`...)
	h := to.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set(lengthHeader, strconv.Itoa(len(text)))
	h.Set("Content-Length", strconv.Itoa(len(text)+size))
	for _, score := range w.scores {
		if len(text) > pieceBytes {
			to.Write(text) // a client that has left gets nothing
			text = text[:0]
		}
		text = binary.LittleEndian.AppendUint32(text, math.Float32bits(score))
	}
	to.Write(text)
	return text
}

// writeText is writeBinary for scores in the JSON.
func (w *workspace) writeText(to http.ResponseWriter, text []byte) []byte {
	to.Header().Set("Content-Type", "application/json")
	text = append(text, `"data":[`...)
	for i, score := range w.scores {
		if len(text) > pieceBytes {
			to.Write(text)
			text = text[:0]
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = appendScore(text, score)
	}
	text = append(text, `]}]}`...)
	to.Write(text)
	return text
}

// appendScore writes a score so that it has the same bits again, whether it is read as a float32 or as a float64
// and then rounded. The shortest text of a float32 would not always do for the latter. NaN and
// infinities are written as Python and Triton read them.
func appendScore(text []byte, score float32) []byte {
	switch f := float64(score); {
	case math.IsNaN(f):
		return append(text, "NaN"...)
	case math.IsInf(f, 1):
		return append(text, "Infinity"...)
	case math.IsInf(f, -1):
		return append(text, "-Infinity"...)
	default:
		return strconv.AppendFloat(text, f, 'g', -1, 64)
	}
}

func appendString(text []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string cannot fail
	return append(text, quoted...)
}
