package manual

import (
	"fmt"
	"slices"
	"strings"
)

// Bash writes the completion for bash.
func (p Program) Bash() string {
	var b strings.Builder
	function := "_" + strings.ReplaceAll(p.Name, "-", "_")
	fmt.Fprintf(&b, `# Completion of %s for bash. Generated: do not edit.
%s() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= flags= files=
	if [[ $word == = ]]; then
		word=
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case ${COMP_WORDS[1]} in
	%s) ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]} ;;
	esac
	case $command$before in
`, p.Name, function, strings.Join(p.commandNames(), "|"))
	for _, c := range p.every() {
		for _, v := range c.values() {
			fmt.Fprintf(&b, "\t%s) COMPREPLY=($(compgen%s -W %s -- \"$word\")); return ;;\n", strings.Join(v.before, "|"), filesOption(v.files), quote(v.words))
		}
	}
	b.WriteString("\tesac\n\tcase $command in\n")
	for _, c := range p.every() {
		var all []string
		for _, f := range c.Flags {
			all = append(all, names(f)...)
		}
		pattern, files := c.Name, ""
		if c.takesFiles() {
			files = "-f"
		}
		if c.Name == "" {
			pattern = "''"
		}
		fmt.Fprintf(&b, "\t%s) flags=%s files=%s ;;\n", pattern, quote(strings.Join(all, " ")), files)
	}
	fmt.Fprintf(&b, `	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$word"))
	elif ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W %s -- "$word"))
	else
		COMPREPLY=($(compgen $files -- "$word"))
	fi
}
complete -o filenames -F %s %s
`, quote(strings.Join(p.commandNames(), " ")), function, p.Name)
	return b.String()
}

// values is what may follow some flags of a command.
type values struct {
	before []string // the command and a flag, as one word
	files  bool
	words  string
}

// values returns the flags of a command that take a value, those together that are completed alike.
func (c Command) values() (all []values) {
	for _, f := range c.Flags {
		a := answersOf(f)
		if !a.value {
			continue
		}
		words := strings.Join(a.words, " ")
		at := slices.IndexFunc(all, func(v values) bool { return v.files == a.files && v.words == words })
		if at < 0 {
			at, all = len(all), append(all, values{files: a.files, words: words})
		}
		for _, name := range names(f) {
			all[at].before = append(all[at].before, c.Name+name)
		}
	}
	return all
}

func filesOption(files bool) string {
	if files {
		return " -f"
	}
	return ""
}

// quote writes text as one word of a shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
