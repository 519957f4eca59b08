package lightgbm

import (
	"bytes"

	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// mostParameters is far more than LightGBM writes.
const mostParameters = 1000

// parameters returns the parameters that stand after the trees, as [name: value].
func parameters(l *lines) []modelfile.Parameter {
	var all []modelfile.Parameter
	inside := false
	for line, ok := l.next(); ok && len(all) < mostParameters; line, ok = l.next() {
		switch string(line) {
		case "parameters:":
			inside = true
		case "end of parameters":
			return all
		}
		if !inside || len(line) < 2 || line[0] != '[' || line[len(line)-1] != ']' {
			continue
		}
		name, value, _ := bytes.Cut(line[1:len(line)-1], []byte(":"))
		all = append(all, modelfile.Parameter{Name: string(name), Value: string(bytes.TrimSpace(value))})
	}
	return all
}
