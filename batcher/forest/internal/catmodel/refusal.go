package catmodel

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/internal/document"
)

// What a feature may be that is not a number.
const (
	Category  = "a category"
	Text      = "text"
	Embedding = "an embedding"
)

// Unsupported refuses a feature that is such a thing.
func Unsupported(name string, index int, what string) error {
	if name == "" {
		name = fmt.Sprint(index)
	} else {
		name = Quote(name)
	}
	return fmt.Errorf("the feature %s is %s, which a row of numbers cannot hold: train on numbers", name, what)
}

// Quote returns a text of the file for a message.
func Quote(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// InTree says in which tree an error is.
func InTree(tree int, err error) error {
	if err == nil {
		return nil
	}
	if field := (*document.FieldError)(nil); errors.As(err, &field) {
		return &document.FieldError{Name: fmt.Sprintf("tree %d: %s", tree, field.Name), Err: field.Err}
	}
	return &document.FieldError{Name: fmt.Sprintf("tree %d", tree), Err: err}
}
