package command

import (
	"encoding/json"
	"fmt"
	"math"
)

// JSON writes v to Stdout, indented.
func (s Streams) JSON(v any) error {
	e := json.NewEncoder(s.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("cannot write the result: %w", err)
	}
	return nil
}

// Refuse writes a refusal as JSON for a program, and returns err for people. Without asJSON it
// only returns it.
func (s Streams) Refuse(err error, asJSON bool) error {
	if asJSON {
		if err := s.JSON(map[string]string{"error": err.Error()}); err != nil {
			return err
		}
	}
	return err
}

// Number is a float in JSON. What JSON has no number for is null.
type Number float64

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if x := float64(n); math.IsNaN(x) || math.IsInf(x, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}
