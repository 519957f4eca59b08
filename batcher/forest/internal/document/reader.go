package document

import (
	"errors"
	"fmt"
)

// MaxDepth is how deep objects and arrays may be nested.
const MaxDepth = 32

// Reader reads one document from its beginning to its end. After an error it must not be used
// further.
//
// The caller alternates between the containers and their values: Open, then Key before each
// value of an object or More before each value of an array, until these return false. That
// closes the container. Each value is read with the method of its kind, opened, or skipped.
type Reader interface {
	// Kind returns the kind of the next value, which stays the next.
	Kind() (Kind, error)

	// Open enters the next value, which must be of the kind: Object or Array.
	Open(Kind) error

	// Key returns the next key of the open object. It refers to the document if it can.
	Key() (key []byte, ok bool, err error)

	// More reports whether the open array has another element.
	More() (bool, error)

	Text() (string, error)     // what is not UTF-8 is replaced by U+FFFD
	Float32() (float32, error) // correctly rounded; NaN and infinities included
	Float64() (float64, error) // likewise
	Int32() (int32, error)
	Flag() (bool, error) // true and false, or the numbers 1 and 0

	// Float32s reads an array of numbers and appends them to dst.
	Float32s(dst []float32) ([]float32, error)

	// Float64s reads an array of numbers and appends them to dst.
	Float64s(dst []float64) ([]float64, error)

	// Int32s reads an array of whole numbers and appends them to dst.
	Int32s(dst []int32) ([]int32, error)

	// Skip passes over the next value, whatever it is.
	Skip() error

	// Close fails if anything follows the value that was read.
	Close() error
}

// Kind is the kind of a value.
type Kind uint8

const (
	Object Kind = iota + 1
	Array
	String
	Number
	Bool
	Null
)

// String returns k with its article, for sentences.
func (k Kind) String() string {
	return [...]string{"nothing", "an object", "an array", "a string", "a number", "true or false", "null"}[k]
}

// New returns a reader of data, which must not change while the reader is in use. A document
// that begins with an object is UBJSON if its first key has UBJSON's mark of a length; anything
// else is taken for JSON.
func New(data []byte) Reader {
	if IsUBJSON(data) {
		return &ubjsonReader{data: data}
	}
	return &jsonReader{data: data}
}

// IsUBJSON reports whether data begins as an object of UBJSON does.
func IsUBJSON(data []byte) bool {
	if len(data) < 2 || data[0] != '{' {
		return false
	}
	switch data[1] {
	case 'i', 'U', 'I', 'l', 'L', '$', '#', 'N':
		return true
	}
	return false
}

// Field is a key of an object, and what reads its value.
type Field struct {
	Name     string
	Required bool
	Read     func() error
}

// Fields reads an object that has the fields, 64 at most, in any order. It calls other for any
// other key, to read its value; if other is nil, the value is skipped. A field that is there
// twice is refused, and one that is required and not there. An error is a *[FieldError] with
// the name of the innermost field in which it is.
func Fields(r Reader, fields []Field, other func(key string) error) error {
	if err := r.Open(Object); err != nil {
		return err
	}
	var seen uint64
	for {
		key, ok, err := r.Key()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		i := find(fields, key)
		if i < 0 {
			if err := unknown(r, key, other); err != nil {
				return inField(clip(key), err)
			}
			continue
		}
		if seen&(1<<i) != 0 {
			return inField(fields[i].Name, errors.New("is there twice"))
		}
		seen |= 1 << i
		if err := fields[i].Read(); err != nil {
			return inField(fields[i].Name, err)
		}
	}
	for i := range fields {
		if fields[i].Required && seen&(1<<i) == 0 {
			return inField(fields[i].Name, errors.New("is missing"))
		}
	}
	return nil
}

func unknown(r Reader, key []byte, other func(string) error) error {
	if other == nil {
		return r.Skip()
	}
	return other(string(key))
}

func find(fields []Field, key []byte) int {
	for i := range fields {
		if fields[i].Name == string(key) {
			return i
		}
	}
	return -1
}

// FieldError is an error in a field of an object.
type FieldError struct {
	Name string
	Err  error
}

func (e *FieldError) Error() string { return e.Name + ": " + e.Err.Error() }
func (e *FieldError) Unwrap() error { return e.Err }

func inField(name string, err error) error {
	if inner := (*FieldError)(nil); errors.As(err, &inner) {
		return err
	}
	return &FieldError{Name: name, Err: err}
}

// misplaced returns what is wrong with a value of another kind than the one expected: whatever
// is wrong inside it comes first, such as a count that the document cannot hold.
func misplaced(r Reader, err error) error {
	if inside := r.Skip(); inside != nil {
		return inside
	}
	return err
}

func inElement(i int, err error) error { return fmt.Errorf("element %d: %w", i, err) }

// clip returns a text of the document for a message.
func clip[T string | []byte](text T) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%.*q...", most, string(text[:most]))
	}
	return fmt.Sprintf("%q", string(text))
}

var errDepth = fmt.Errorf("values are nested to a depth of more than %d", MaxDepth)
