package manual

import (
	"fmt"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
)

// Zsh writes the completion for zsh.
func (p Program) Zsh() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n# Completion of %[1]s for zsh. Generated: do not edit.\n", p.Name)
	b.WriteString("local -a commands=(\n")
	for _, c := range p.Commands {
		fmt.Fprintf(&b, "\t%s\n", quote(c.Name+":"+strings.ReplaceAll(c.Does, ":", `\:`)))
	}
	b.WriteString(")\ncase ${words[2]} in\n")
	for _, c := range p.every() {
		pattern := c.Name
		if c.Name == "" {
			pattern = "*"
		}
		fmt.Fprintf(&b, "%s)\n\t_arguments -S", pattern)
		for _, f := range c.Flags {
			for _, name := range names(f) {
				fmt.Fprintf(&b, " \\\n\t\t%s", quote(zshFlag(name, f)))
			}
		}
		switch {
		case c.Name == "":
			b.WriteString(" \\\n\t\t'1:command:{_describe command commands}'")
		case c.takesFiles():
			b.WriteString(" \\\n\t\t'1:command:()' '*:file:_files'")
		default:
			b.WriteString(" \\\n\t\t'1:command:()'")
		}
		b.WriteString("\n\t;;\n")
	}
	b.WriteString("esac\n")
	return b.String()
}

// zshFlag writes what _arguments takes for a flag. A flag may be given again, which the * allows.
func zshFlag(name string, f flags.Flag) string {
	escape := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`)
	a := answersOf(f)
	spec := "*" + name
	if a.value && strings.HasPrefix(name, "--") {
		spec += "="
	}
	spec += "[" + escape.Replace(f.Help) + "]"
	if !a.value {
		return spec
	}
	spec += ":" + escape.Replace(f.Value.Holder()) + ":"
	if a.files {
		return spec + "_files"
	}
	return spec + "(" + strings.Join(a.words, " ") + ")"
}
