package modelfile

import "github.com/disrust/disrust/wire"

// Answer says what a model answers as one kind of scores, for someone who compares it with the
// training library.
type Answer struct {
	Kind  wire.Kind
	Call  string // of the library, whose answer this equals, with the same iterations
	Steps int    // so many float32 values the two may lie apart at most; 0: their bits are equal

	// Near, if not 0, takes the place of Steps: the library adds in another order, and the two lie apart
	// by at most this part of 1 + the largest score of the same output, unless the model magnifies the
	// last digit of what it adds up. Classes are those of such scores.
	Near float64

	// Refused says why the model has no scores of this kind. Then the other fields but Kind are zero.
	Refused string
}

// Kinds are the kinds of scores that may be asked of a file.
var Kinds = [...]wire.Kind{wire.Raw, wire.Prob, wire.Class}

// Answers asks answer about each of [Kinds]. Its error says why the kind is refused.
func Answers(answer func(wire.Kind) (Answer, error)) []Answer {
	all := make([]Answer, len(Kinds))
	for i, kind := range Kinds {
		a, err := answer(kind)
		if err != nil {
			a = Answer{Refused: err.Error()}
		}
		a.Kind = kind
		all[i] = a
	}
	return all
}
