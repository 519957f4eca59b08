package flags

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode"
)

// Help writes a line for each flag: its name, what stands for its value, the sentence, and
// what it is when it is not given.
func (l List) Help() string {
	var b strings.Builder
	for _, f := range l {
		head := "--" + f.Name
		if holder := f.Value.Holder(); holder != "" {
			head += " " + holder
		}
		if f.Short != "" {
			head += ", -" + f.Short
		}
		if len(head) > headWidth {
			head += "\n" + strings.Repeat(" ", 2+headWidth)
		}
		fmt.Fprintf(&b, "  %-*s %s%s\n", headWidth, head, f.Help, inBrackets(f.Value.String()))
	}
	return b.String()
}

// headWidth is the width of the column with the flags.
const headWidth = 26

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// Markdown writes the list as a table for a README.
func (l List) Markdown() string {
	var b strings.Builder
	b.WriteString("| flag | default | allowed | |\n|---|---|---|---|\n")
	for _, f := range l {
		value, allowed := f.Value.String(), f.Value.Allowed()
		if _, toggles := f.Value.(toggle); toggles {
			value, allowed = "off", ""
		}
		name := "`--" + f.Name + "`"
		if f.Short != "" {
			name += ", `-" + f.Short + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, inCode(value), allowed, f.Help)
	}
	return strings.ReplaceAll(b.String(), "|  |", "| |")
}

func inCode(s string) string {
	if s == "" || s == "off" {
		return s
	}
	return "`" + s + "`"
}

// OneLine writes what does not print as Go would quote it: a message may cite a command
// line with line breaks or worse.
func OneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// Complain writes err as one line that begins with the command's name.
func Complain(stderr io.Writer, command string, err error) {
	fmt.Fprintf(stderr, "%s: %s\n", command, OneLine(strings.TrimSpace(err.Error())))
}

// ComplainEach writes an error that joins several: a line for each, with the command's name.
func ComplainEach(stderr io.Writer, command string, err error) {
	for line := range strings.Lines(strings.TrimSpace(err.Error())) {
		Complain(stderr, command, errors.New(line))
	}
}

// The exit statuses of a command that did what it was asked, that failed, and that was asked
// for something that makes no sense.
const (
	StatusOK     = 0
	StatusFailed = 1
	StatusUsage  = 2
)

// Answer does what is left to do after a parse that ended with err: it prints the help or the
// version that was asked for, or complains. It returns the exit status. Help or a version that
// cannot be written is a failure.
func Answer(err error, command, help string, stdout, stderr io.Writer) (status int) {
	switch {
	case errors.Is(err, ErrHelp):
		return Show(help, command, stdout, stderr)
	case errors.Is(err, ErrVersion):
		return Show(Version(command), command, stdout, stderr)
	}
	Complain(stderr, command, err)
	return StatusUsage
}

// Show writes text to stdout, and returns the exit status.
func Show(text, command string, stdout, stderr io.Writer) (status int) {
	if _, err := io.WriteString(stdout, text); err != nil {
		Complain(stderr, command, err)
		return StatusFailed
	}
	return StatusOK
}

// Version says what the command was built from, as far as the build knows: the version of
// its module, the commit, and Go's version.
func Version(command string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return command + " (devel)\n"
	}
	return fmt.Sprintf("%s %s%s, %s\n", command, moduleVersion(info), commit(info.Settings), info.GoVersion)
}

func moduleVersion(info *debug.BuildInfo) string {
	if info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

func commit(settings []debug.BuildSetting) string {
	var revision, state string
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			state = ", modified"
		}
	}
	if revision == "" {
		return ""
	}
	return ", commit " + revision + state
}
