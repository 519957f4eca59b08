package flags

import (
	"errors"
	"fmt"
	"strings"
)

// Flag is one flag of a command line.
type Flag struct {
	Name  string // without dashes
	Value Value  // what it sets
	Help  string // a sentence without a full stop
	Short string // another name, such as "o"; "": none
}

// New returns a flag.
func New(name string, value Value, help string) Flag {
	return Flag{Name: name, Value: value, Help: help}
}

// Or returns the flag with a short name beside its own.
func (f Flag) Or(short string) Flag {
	f.Short = short
	return f
}

// List is all flags of a command, in the order in which help shows them.
type List []Flag

var (
	// ErrHelp says that help was asked for, by --help or -h.
	ErrHelp = errors.New("help was asked for")
	// ErrVersion says that the version was asked for, by --version.
	ErrVersion = errors.New("the version was asked for")
)

// Line is a command line that was read.
type Line struct {
	Words []string        // what it holds beside flags and their values
	Given map[string]bool // the names of the flags that were given
}

// Parse sets the flags that args give, wherever they stand between other words, and
// returns those words. A flag is --name value or --name=value; a toggle may stand without
// a value. One dash is as good as two. Flags end at "--", and a lone "-" is a word. Of a
// flag that is given again the last one counts, unless it adds up.
func (l List) Parse(args []string) (line Line, err error) {
	line.Given = make(map[string]bool)
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		name, isFlag := strings.CutPrefix(arg, "-")
		name = strings.TrimPrefix(name, "-")
		switch {
		case !isFlag || arg == "-":
			line.Words = append(line.Words, arg)
			continue
		case arg == "--":
			line.Words = append(line.Words, args...)
			return line, nil
		}
		if args, err = l.parseOne(name, args, line.Given); err != nil {
			return line, err
		}
	}
	return line, nil
}

// parseOne sets the flag that name, perhaps with a value, stands for, and returns what
// follows it.
func (l List) parseOne(name string, args []string, given map[string]bool) (rest []string, err error) {
	name, value, whole := strings.Cut(name, "=")
	f := l.Find(name)
	_, toggles := valueOf(f).(toggle)
	switch {
	case f != nil:
	case name == "help" || name == "h":
		return args, ErrHelp
	case name == "version":
		return args, ErrVersion
	default:
		return args, l.unknown(name)
	}
	switch {
	case whole:
	case toggles:
		value = "true"
	case len(args) == 0:
		return args, fmt.Errorf("--%s needs a value: %s", name, f.Value.Allowed())
	default:
		value, args = args[0], args[1:]
	}
	given[f.Name] = true
	return args, f.Set(value)
}

func valueOf(f *Flag) Value {
	if f == nil {
		return nil
	}
	return f.Value
}

// Find returns the flag of that name, or nil.
func (l List) Find(name string) *Flag {
	for i := range l {
		if l[i].Name == name || name != "" && l[i].Short == name {
			return &l[i]
		}
	}
	return nil
}

// Set sets the flag. Its error names the flag and the value.
func (f *Flag) Set(value string) error {
	if err := f.Value.Set(value); err != nil {
		return fmt.Errorf("--%s %s: %w", f.Name, OneLine(quoted(value)), err)
	}
	return nil
}

// quoted puts quotes around a value that would not stand out in a sentence.
func quoted(value string) string {
	if value == "" || strings.ContainsAny(value, " \t\r\n,;:'\"") {
		return fmt.Sprintf("%q", value)
	}
	return value
}

// SetWord sets the flag from a word that stands without it, such as the port of "disrust 4
// 9900". Where the flag was given too, both must say the same. what names the word.
func (l List) SetWord(line Line, name, what, value string) error {
	f := l.Find(name)
	before := f.Value.String()
	if err := f.Value.Set(value); err != nil {
		return fmt.Errorf("%s %s: %w", what, OneLine(quoted(value)), err)
	}
	if after := f.Value.String(); line.Given[name] && after != before {
		return fmt.Errorf("--%s %s and %s %s disagree", name, before, what, after)
	}
	line.Given[name] = true
	return nil
}
