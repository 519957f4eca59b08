package manual

import (
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/flags"
	"pgregory.net/rapid"
)

// sample has a flag of each kind, with characters that roff and shells would read as their own.
func sample() Program {
	var file, mode, out string
	var number int
	var on bool
	list := flags.List{
		flags.New("mode", flags.Choice(&mode, "a", flags.Option[string]{Name: "a"}, flags.Option[string]{Name: "b"}), `it's [a]: \ or "b"`),
		flags.New("number", flags.Int(&number, 0, 9), "a number"),
		flags.New("on", flags.Toggle(&on), "a toggle"),
		flags.New("model", flags.Custom(&file, "sum|FILE", "", func(s string) (string, error) { return s, nil }, func(s string) string { return s }), "a word or a file"),
	}
	return Program{
		Name: "tool", Does: "do it", Usage: []string{"tool [flags]"}, Flags: list,
		Commands: []Command{
			{Name: "go", Does: "go there: now"},
			{Name: "read", Words: []string{"FILE"}, Does: "read", Flags: flags.List{flags.New("out", flags.File(&out), "where to").Or("o")}},
		},
		Sections: []Section{{"Files", ".hidden\n\n'quoted"}},
	}
}

func TestTexts(t *testing.T) {
	p := sample()
	for _, test := range []struct {
		name, text string
		has        []string
	}{
		{"man", p.Man(), []string{
			".TH TOOL 1\n.SH NAME\ntool \\- do it\n", ".TP\n.B read FILE\nread.\n",
			".TP\n.B \\-\\-mode a|b\nit's [a]: \\e or \\(dqb\\(dq. Default: a.\n", ".TP\n.B \\-\\-on\na toggle.\n",
			".SS Options of read\n.TP\n.B \\-\\-out, \\-o FILE\n", ".SH FILES\n\\&.hidden\n.PP\n\\&'quoted\n",
		}},
		{"bash", p.Bash(), []string{
			"\t--mode) COMPREPLY=($(compgen -W 'a b' --", "\t--number) COMPREPLY=($(compgen -W '' --", "\t--model) COMPREPLY=($(compgen -f -W 'sum' --",
			"\tread--out|read-o) COMPREPLY=($(compgen -f ", "\tread) flags='--out -o' files=-f ;;", "\t'') flags='--mode --number --on --model' files= ;;",
		}},
		{"zsh", p.Zsh(), []string{
			`'*--mode=[it'\''s \[a\]\: \\ or "b"]:a|b:(a b)'`, "'*--on[a toggle]'", "'*--model=[a word or a file]:sum|FILE:_files'",
			`'go:go there\: now'`, "'*-o[where to]:FILE:_files'",
		}},
		{"fish", p.Fish(), []string{
			`-n 'not __fish_seen_subcommand_from go read' -l mode -x -a 'a b' -d 'it\'s [a]: \\ or "b"'`, " -l number -x -d ", " -l on -d ", " -l model -r -F -a 'sum' ",
			"-n '__fish_seen_subcommand_from read' -F\n", " -l out -s o -r -F ",
		}},
	} {
		for _, want := range test.has {
			if !strings.Contains(test.text, want) {
				t.Errorf("%s lacks %q:\n%s", test.name, want, test.text)
			}
		}
	}
}

// TestRoff: no text is a request to roff, and each comes back from its escapes.
func TestRoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune(`ab.'"-\e& `+"\n"))).Draw(t, "text")
		escaped := roff(text)
		for line := range strings.Lines(escaped) {
			if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
				t.Fatalf("%q has a line that is a request", escaped)
			}
		}
		if back := strings.NewReplacer(`\&`, "", `\-`, "-", `\(dq`, `"`, `\e`, `\`).Replace(escaped); back != text {
			t.Fatalf("%q is written %q, which is read as %q", text, escaped, back)
		}
	})
}
