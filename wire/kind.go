package wire

import "strconv"

// Kind says what the scores of a model mean.
type Kind uint32

const (
	Unstated Kind = iota // the model does not say. In a hello: any kind
	Raw                  // margins, as the model adds them up
	Prob                 // probabilities, or what the model's usual call gives
	Class                // the index of the most likely class
)

// String returns the name of k, or its number if this version of the protocol has no such kind.
func (k Kind) String() string {
	switch k {
	case Unstated:
		return "unstated"
	case Raw:
		return "raw"
	case Prob:
		return "prob"
	case Class:
		return "class"
	}
	return "unknown (" + strconv.FormatUint(uint64(k), 10) + ")"
}
