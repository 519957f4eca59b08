// Package manual writes a program's manual page, and its completions for bash, zsh and fish, from the
// flags of the program.
package manual

import (
	"slices"
	"strings"
	"unicode"

	"github.com/disrust/disrust/client/tools/flags"
)

// Program is a program whose first word may be a command.
type Program struct {
	Name     string
	Does     string // a line without a full stop
	Usage    []string
	Flags    flags.List // those that it takes without a command
	Commands []Command
	Sections []Section // of the manual page, behind the flags
}

// Command is a command of a program.
type Command struct {
	Name  string
	Words []string // that it needs, such as FILE
	Does  string
	Flags flags.List
}

// Section is a section of the manual page. A blank line of its text begins a paragraph.
type Section struct{ Title, Text string }

// answers is what may follow a flag.
type answers struct {
	value bool     // whether there is a value
	words []string // values that a shell can offer
	files bool     // whether the value may be a file
}

// answersOf reads what stands for a flag's value in help: sum|FILE offers the word and files.
func answersOf(f flags.Flag) (a answers) {
	holder := f.Value.Holder()
	a.value = holder != ""
	for alternative := range strings.SplitSeq(holder, "|") {
		switch {
		case alternative == "FILE":
			a.files = true
		case alternative != "" && !strings.ContainsFunc(alternative, unicode.IsUpper):
			a.words = append(a.words, alternative)
		}
	}
	return a
}

// names returns how the flag may be written.
func names(f flags.Flag) []string {
	all := []string{"--" + f.Name}
	if f.Short != "" {
		all = append(all, "-"+f.Short)
	}
	return all
}

func (p Program) commandNames() (all []string) {
	for _, c := range p.Commands {
		all = append(all, c.Name)
	}
	return all
}

// takesFiles reports whether the words of a command are files.
func (c Command) takesFiles() bool { return len(c.Words) > 0 }

// every returns the commands, and the program without one as a Command without a name, which
// comes last.
func (p Program) every() []Command {
	return append(slices.Clone(p.Commands), Command{Flags: p.Flags})
}
