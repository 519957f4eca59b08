package flags_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/flags"
)

// TestSentences is what a person reads who has mistyped something.
func TestSentences(t *testing.T) {
	for line, want := range map[string]string{
		"--n 100":      "--n 100: a whole number from -5 to 99 is allowed",
		"--n":          "--n needs a value: a whole number from -5 to 99",
		"--p 3":        "--p 3: a power of two from 2 to 1024 is allowed",
		"--d 2h":       "--d 2h: a duration from 1ms to 1h, such as 500ms or 10s is allowed",
		"--c three":    "--c three: one or two is allowed",
		"--t=perhaps":  "--t=perhaps: true or false is allowed",
		"--f=":         `--f "": the name of a file is allowed`,
		"--seed -1":    "--seed -1: a whole number from 0 on is allowed",
		"--sead 1":     "there is no flag --sead: did you mean --seed?",
		"--quite-else": "there is no flag --quite-else (--help lists them)",
		"--hepl":       "there is no flag --hepl: did you mean --help?",
		"--n=1\n2":     `--n "1\n2": a whole number from -5 to 99 is allowed`,
	} {
		v := initial()
		_, err := v.list().Parse(strings.SplitN(line, " ", 2))
		if got := strings.Replace(errorText(err), "--t perhaps", "--t=perhaps", 1); got != want {
			t.Errorf("%q: %s\nwant %s", line, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

func TestHelpAndVersion(t *testing.T) {
	v := initial()
	for arg, want := range map[string]error{"--help": flags.ErrHelp, "-h": flags.ErrHelp, "-help": flags.ErrHelp, "--version": flags.ErrVersion} {
		if _, err := v.list().Parse([]string{"word", arg, "--nothing"}); !errors.Is(err, want) {
			t.Errorf("%s: %v", arg, err)
		}
	}
	help := v.list().Help()
	for _, want := range []string{"  --n N                      a number (7)\n", "  --t                        a toggle\n", "  --c one|two                a choice (one)\n", "(1m30s)"} {
		if !strings.Contains(help, want) {
			t.Errorf("help lacks %q:\n%s", want, help)
		}
	}
	if got := flags.Version("disrust"); !strings.HasPrefix(got, "disrust ") || !strings.Contains(got, "go1.") || !strings.HasSuffix(got, "\n") {
		t.Errorf("version %q", got)
	}
}

func TestDashes(t *testing.T) {
	v := initial()
	line, err := v.list().Parse([]string{"-", "--n", "-5", "--", "--n", "1"})
	if err != nil || v.N != -5 || strings.Join(line.Words, " ") != "- --n 1" {
		t.Errorf("%+v, %q, %v", v, line.Words, err)
	}
}

// TestSetWord: a word and a flag for the same thing must agree.
func TestSetWord(t *testing.T) {
	for _, c := range []struct {
		args       []string
		word, want string
		n          int
	}{
		{nil, "9", "no error", 9},
		{[]string{"--n", "9"}, "9", "no error", 9},
		{[]string{"--n", "9"}, "09", "no error", 9},
		{[]string{"--n", "8"}, "9", "--n 8 and the first word 9 disagree", 9},
		{nil, "100", "the first word 100: a whole number from -5 to 99 is allowed", 7},
	} {
		v := initial()
		list := v.list()
		line, err := list.Parse(c.args)
		if err != nil {
			t.Fatal(err)
		}
		if got := errorText(list.SetWord(line, "n", "the first word", c.word)); got != c.want || v.N != c.n {
			t.Errorf("%q and %s: %s, %d; want %s", c.args, c.word, got, v.N, c.want)
		}
	}
}

func TestUnknownWord(t *testing.T) {
	v := initial()
	for word, want := range map[string]string{
		"pln":      `there is no command "pln": did you mean plan?`,
		"sed":      `there is no command "sed": did you mean --seed?`,
		"whatever": `there is no command "whatever" (the commands are plan, help)`,
		"pl\x1bn":  `there is no command "pl\\x1bn" (the commands are plan, help)`,
	} {
		if got := v.list().UnknownWord(word, "plan", "help").Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	v := initial()
	table := v.list().Markdown()
	for _, want := range []string{
		"| `--n` | `7` | a whole number from -5 to 99 | a number |\n", "| `--t` | off | | a toggle |\n", "| `--s` | `3` |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

// TestLongChoice: the help of a flag whose values do not fit beside it starts a line.
func TestLongChoice(t *testing.T) {
	to := "a"
	list := flags.List{flags.New("choice", flags.Choice(&to, "a",
		flags.Option[string]{Name: "a", Value: "a"}, flags.Option[string]{Name: "somewhat-longer", Value: "b"}, flags.Option[string]{Name: "c", Value: "c"}), "the help")}
	if want := "  --choice a|somewhat-longer|c\n                             the help (a)\n"; list.Help() != want {
		t.Errorf("%q, want %q", list.Help(), want)
	}
}

// fullWriter is a disk without space.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestAnswer: help and version go to stdout, complaints to stderr, and what cannot be written
// is a failure.
func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		err            error
		status         int
		stdout, stderr string
	}{
		{flags.ErrHelp, flags.StatusOK, "the help\n", ""},
		{flags.ErrVersion, flags.StatusOK, flags.Version("tool"), ""},
		{errors.New("no\nsuch"), flags.StatusUsage, "", "tool: no\\nsuch\n"},
	} {
		var stdout, stderr strings.Builder
		if status := flags.Answer(c.err, "tool", "the help\n", &stdout, &stderr); status != c.status || stdout.String() != c.stdout || stderr.String() != c.stderr {
			t.Errorf("%v: status %d, %q, %q", c.err, status, stdout.String(), stderr.String())
		}
	}
	for _, err := range []error{flags.ErrHelp, flags.ErrVersion} {
		var stderr strings.Builder
		if status := flags.Answer(err, "tool", "the help\n", fullWriter{}, &stderr); status != flags.StatusFailed || stderr.String() != "tool: no space left\n" {
			t.Errorf("%v: status %d, %q", err, status, stderr.String())
		}
	}
}

func TestComplainEach(t *testing.T) {
	var stderr strings.Builder
	flags.ComplainEach(&stderr, "tool", errors.Join(errors.New("one"), errors.New("two\x1b")))
	if want := "tool: one\ntool: two\\x1b\n"; stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}

// TestOutput: no text commands the terminal, whatever is in it. Lines, tabs and letters stay.
func TestOutput(t *testing.T) {
	for text, want := range map[string]string{
		"a line\n\tof größe µs\n": "a line\n\tof größe µs\n",
		"\x1b[2J\x1b]0;title\x07": `\x1b[2J\x1b]0;title\a`,
		"over\rwritten\b\x7f\n":   `over\rwritten\b\x7f` + "\n",
		"\u009b31m\u0085":         `\u009b31m\u0085`,
		"\u202egnp.exe\u2066":     `\u202egnp.exe\u2066`,
		"\u2028\u2029\ufeff":      `\u2028\u2029\ufeff`,
		"\x9b31m":                 "\ufffd31m",
	} {
		var b strings.Builder
		out := flags.Output{W: &b}
		if n, err := out.Write([]byte(text)); n != len(text) || err != nil || b.String() != want {
			t.Errorf("%q is shown as %q, want %q; %d, %v", text, b.String(), want, n, err)
		}
	}
	out := flags.Output{W: fullWriter{}}
	if n, err := out.Write([]byte("text")); n != 0 || err == nil || err != out.Err {
		t.Errorf("%d, %v, %v", n, err, out.Err)
	}
	first := out.Err
	if _, err := out.Write([]byte("more")); err == nil || out.Err != first {
		t.Errorf("%v, %v, want %v", err, out.Err, first)
	}
}

// TestShort: a short name sets the flag, and help and README show it.
func TestShort(t *testing.T) {
	var file string
	list := flags.List{flags.New("out", flags.File(&file), "a file").Or("o")}
	for _, args := range [][]string{{"-o", "a"}, {"--o=a"}, {"--out", "a"}} {
		file = ""
		if line, err := list.Parse(args); err != nil || file != "a" || !line.Given["out"] {
			t.Errorf("%q: %q, %v, %v", args, file, line, err)
		}
	}
	file = ""
	if want := "  --out FILE, -o             a file\n"; list.Help() != want {
		t.Errorf("%q, want %q", list.Help(), want)
	}
	if want := "| `--out`, `-o` | | the name of a file | a file |\n"; !strings.Contains(list.Markdown(), want) {
		t.Errorf("%q lacks %q", list.Markdown(), want)
	}
}
