package manual

import (
	"fmt"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
)

// Fish writes the completion for fish.
func (p Program) Fish() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Completion of %s for fish. Generated: do not edit.\ncomplete -c %[1]s -f\n", p.Name)
	none := "not __fish_seen_subcommand_from " + strings.Join(p.commandNames(), " ")
	for _, c := range p.Commands {
		fmt.Fprintf(&b, "complete -c %s -n %s -a %s -d %s\n", p.Name, fish("__fish_is_nth_token 1"), c.Name, fish(c.Does))
	}
	for _, c := range p.every() {
		when := "__fish_seen_subcommand_from " + c.Name
		if c.Name == "" {
			when = none
		}
		if c.takesFiles() {
			fmt.Fprintf(&b, "complete -c %s -n %s -F\n", p.Name, fish(when))
		}
		for _, f := range c.Flags {
			fmt.Fprintf(&b, "complete -c %s -n %s%s -d %s\n", p.Name, fish(when), fishFlag(f), fish(f.Help))
		}
	}
	return b.String()
}

func fishFlag(f flags.Flag) string {
	option := " -l " + f.Name
	if f.Short != "" {
		option += " -s " + f.Short
	}
	switch a := answersOf(f); {
	case a.files:
		option += " -r -F"
		if len(a.words) > 0 {
			option += " -a " + fish(strings.Join(a.words, " "))
		}
	case len(a.words) > 0:
		option += " -x -a " + fish(strings.Join(a.words, " "))
	case a.value:
		option += " -x"
	}
	return option
}

// fish writes text as one word of fish.
func fish(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
