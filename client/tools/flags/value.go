package flags

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Value is what a flag sets.
type Value interface {
	Set(string) error  // an error says what is allowed
	String() string    // what it is now, as Set takes it; empty: nothing to show
	Allowed() string   // what Set takes, as the end of a sentence: "a whole number from 1 to 64"
	Holder() string    // what stands for it in help: "N"; empty for a toggle
	Target() any       // the pointer to the variable that it sets
	Format(any) string // a value of that variable, as Set takes it
}

// notAllowed is the error of all values.
func notAllowed(v Value) error { return errors.New(v.Allowed() + " is allowed") }

// whole is a whole number, in units of the variable.
type whole struct {
	to        *int
	unit      int
	low, high int // in units
	power     bool
}

// Int is a whole number from low to high.
func Int(to *int, low, high int) Value { return whole{to, 1, low, high, false} }

// PowerOfTwo is a power of two from low to high.
func PowerOfTwo(to *int, low, high int) Value { return whole{to, 1, low, high, true} }

// Scaled is a whole number from low to high that counts units of the variable, as a number
// of MiB sets one in bytes.
func Scaled(to *int, unit, low, high int) Value { return whole{to, unit, low, high, false} }

func (n whole) Set(s string) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < n.low || v > n.high || n.power && bits.OnesCount(uint(v)) != 1 {
		return notAllowed(n)
	}
	*n.to = v * n.unit
	return nil
}

func (n whole) Allowed() string {
	kind := "a whole number"
	if n.power {
		kind = "a power of two"
	}
	return fmt.Sprintf("%s from %d to %d", kind, n.low, n.high)
}

// Format rounds up, so that a least value stays one.
func (n whole) Format(v any) string {
	i, _ := v.(int)
	return strconv.Itoa((i + n.unit - 1) / n.unit)
}

func (n whole) String() string { return n.Format(*n.to) }
func (n whole) Holder() string { return "N" }
func (n whole) Target() any    { return n.to }

type period struct {
	to        *time.Duration
	low, high time.Duration
}

// Duration is a duration from low to high.
func Duration(to *time.Duration, low, high time.Duration) Value { return period{to, low, high} }

func (p period) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v < p.low || v > p.high {
		return notAllowed(p)
	}
	*p.to = v
	return nil
}

func (p period) Allowed() string {
	return fmt.Sprintf("a duration from %s to %s, such as 500ms or 10s", short(p.low), short(p.high))
}

func (p period) Format(v any) string {
	d, _ := v.(time.Duration)
	return short(d)
}

func (p period) String() string { return short(*p.to) }
func (p period) Holder() string { return "T" }
func (p period) Target() any    { return p.to }

// short writes 1h in place of 1h0m0s, and 0 in place of 0s.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	if s == "0s" {
		return "0"
	}
	return s
}

// Option is one of the values of a choice.
type Option[T any] struct {
	Name  string
	Value T
}

type choice[T any] struct {
	to      *T
	options []Option[T]
	now     *string
}

// Choice is one of a few named values. initial is the name of what the variable holds.
func Choice[T any](to *T, initial string, options ...Option[T]) Value {
	return choice[T]{to, options, &initial}
}

func (c choice[T]) Set(s string) error {
	for _, o := range c.options {
		if o.Name == s {
			*c.to, *c.now = o.Value, s
			return nil
		}
	}
	return notAllowed(c)
}

func (c choice[T]) Allowed() string {
	names := make([]string, len(c.options))
	for i, o := range c.options {
		names[i] = o.Name
	}
	return alternatives(names)
}

// alternatives writes "auto, spin or block".
func alternatives(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (c choice[T]) Format(v any) string { return fmt.Sprint(v) }
func (c choice[T]) String() string      { return *c.now }
func (c choice[T]) Target() any         { return c.to }

func (c choice[T]) Holder() string {
	names := make([]string, len(c.options))
	for i, o := range c.options {
		names[i] = o.Name
	}
	return strings.Join(names, "|")
}

type toggle struct{ to *bool }

// Toggle is on when it stands without a value.
func Toggle(to *bool) Value { return toggle{to} }

func (t toggle) Set(s string) error {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return notAllowed(t)
	}
	*t.to = v
	return nil
}

func (t toggle) Allowed() string     { return "true or false" }
func (t toggle) Format(v any) string { return fmt.Sprint(v) }
func (t toggle) Holder() string      { return "" }
func (t toggle) Target() any         { return t.to }

func (t toggle) String() string {
	if *t.to {
		return "on"
	}
	return ""
}

type custom[T any] struct {
	to              *T
	holder, allowed string
	parse           func(string) (T, error)
	show            func(T) string
}

// Custom is a value that parse reads. holder stands for it in help. allowed is what parse
// takes, as the end of a sentence; parse's error is shown as it is, unless it is
// [ErrNotAllowed]. show writes a value as parse takes it, or "" for nothing to show.
func Custom[T any](to *T, holder, allowed string, parse func(string) (T, error), show func(T) string) Value {
	return custom[T]{to, holder, allowed, parse, show}
}

// ErrNotAllowed is for the parse function of a Custom that has nothing to add to what is
// allowed.
var ErrNotAllowed = errors.New("not allowed")

func (c custom[T]) Set(s string) error {
	v, err := c.parse(s)
	if errors.Is(err, ErrNotAllowed) {
		return notAllowed(c)
	}
	if err == nil {
		*c.to = v
	}
	return err
}

func (c custom[T]) Allowed() string { return c.allowed }
func (c custom[T]) Holder() string  { return c.holder }
func (c custom[T]) Target() any     { return c.to }
func (c custom[T]) String() string  { return c.show(*c.to) }

func (c custom[T]) Format(v any) string {
	t, _ := v.(T)
	return c.show(t)
}

// Text is any text.
func Text(to *string, holder string) Value {
	return Custom(to, holder, "text", func(s string) (string, error) { return s, nil }, same)
}

// File is the name of a file.
func File(to *string) Value {
	return Custom(to, "FILE", "the name of a file", notEmpty, same)
}

func notEmpty(s string) (string, error) {
	if s == "" {
		return "", ErrNotAllowed
	}
	return s, nil
}

func same(s string) string { return s }

// Seed is what random choices follow from. Of a seed of 0 nothing is shown: it is for a
// command that chooses one itself.
func Seed(to *uint64) Value {
	return Custom(to, "N", "a whole number from 0 on", func(s string) (uint64, error) {
		v, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return 0, ErrNotAllowed
		}
		return v, nil
	}, func(v uint64) string {
		if v == 0 {
			return ""
		}
		return strconv.FormatUint(v, 10)
	})
}
