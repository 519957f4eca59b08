package manual

import (
	"fmt"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
)

// Man writes the manual page, in the macros of man(7).
func (p Program) Man() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.nf\n", strings.ToUpper(p.Name), roff(p.Name), roff(p.Does))
	for _, line := range p.Usage {
		fmt.Fprintf(&b, "%s\n", roff(line))
	}
	b.WriteString(".fi\n.SH COMMANDS\nThe first word may be one of these.\n")
	for _, c := range p.Commands {
		item(&b, strings.Join(append([]string{c.Name}, c.Words...), " "), c.Does+".")
	}
	b.WriteString(".SH OPTIONS\nA flag may stand before or after the words, as \\fB\\-\\-name value\\fR or \\fB\\-\\-name=value\\fR.\n")
	b.WriteString(options(p.Flags))
	for _, c := range p.Commands {
		if len(c.Flags) > 0 {
			fmt.Fprintf(&b, ".SS Options of %s\n%s", roff(c.Name), options(c.Flags))
		}
	}
	for _, s := range p.Sections {
		fmt.Fprintf(&b, ".SH %s\n%s\n", roff(strings.ToUpper(s.Title)), strings.ReplaceAll(roff(s.Text), "\n\n", "\n.PP\n"))
	}
	return b.String()
}

func options(list flags.List) string {
	var b strings.Builder
	for _, f := range list {
		head := strings.Join(names(f), ", ")
		if holder := f.Value.Holder(); holder != "" {
			head += " " + holder
		}
		text := f.Help + "."
		if value := f.Value.String(); value != "" {
			text += " Default: " + value + "."
		}
		item(&b, head, text)
	}
	return b.String()
}

func item(b *strings.Builder, head, text string) {
	fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(head), roff(text))
}

// roff writes text so that each character stands for itself.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
