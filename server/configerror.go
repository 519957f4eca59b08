//go:build linux

package server

import (
	"errors"
	"fmt"
)

// ConfigError says in a sentence which fields of a Config have values that are not allowed,
// and what is allowed.
type ConfigError struct{ sentence }

// sentence is an error that names fields of a Config. A [ConfigError] wraps one. A sentence
// by itself is an error of the environment: the Config is allowed, but cannot work here.
type sentence struct {
	format string
	args   []any // for the format: parts, and errors, which may be sentences themselves
}

// part is a field of a Config in a sentence.
type part struct {
	field string
	value any    // written after the field's name; nil: none
	link  string // stands between name and value
}

func setting(field string, value any) part { return part{field, value, " "} } // PoolBytes 4096
func change(field string, to any) part     { return part{field, to, " to "} } // PoolBytes to 8192
func name(field string) part               { return part{field: field} }

func configError(format string, args ...any) error {
	return &ConfigError{sentence{format, args}}
}

func environmentError(format string, args ...any) error { return &sentence{format, args} }

// Error names the fields of the Config.
func (s *sentence) Error() string {
	return s.Text(func(field string, value any) (string, string) { return field, fmt.Sprint(value) })
}

// Text returns the sentence for readers who set something other than fields of a Config,
// such as the flags of a command. show returns what they call a field and how they write its
// value.
func (s *sentence) Text(show func(field string, value any) (name, text string)) string {
	args := make([]any, len(s.args))
	for i, arg := range s.args {
		switch a := arg.(type) {
		case part:
			name, text := show(a.field, a.value)
			if arg = name; a.value != nil {
				arg = name + a.link + text
			}
		case error:
			if inner, ok := errors.AsType[*sentence](a); ok {
				arg = inner.Text(show)
			}
		}
		args[i] = arg
	}
	return fmt.Sprintf(s.format, args...)
}

// Unwrap returns the errors that the sentence cites.
func (s *sentence) Unwrap() (errs []error) {
	for _, arg := range s.args {
		if err, ok := arg.(error); ok {
			errs = append(errs, err)
		}
	}
	return errs
}
