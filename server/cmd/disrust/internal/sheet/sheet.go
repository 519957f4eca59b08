// Package sheet writes lines with labels for people, within the width of a terminal.
package sheet

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/disrust/disrust/client/tools/flags"
)

const (
	width  = 100
	indent = 16 // columns of a label
)

// Sheet writes to W. Errors are W's business.
type Sheet struct{ W io.Writer }

// Line writes a label and a text, which goes on below itself where it is too long. A line break
// in the text, which a file may have put there, is none.
func (s Sheet) Line(label, format string, args ...any) {
	s.hang(label, "", fmt.Sprintf(format, args...))
}

// hang writes a label, a mark, and a text that goes on below itself.
func (s Sheet) hang(label, mark, text string) {
	for _, line := range wrap(flags.OneLine(text), width-indent-len(mark)) {
		fmt.Fprintf(s.W, "%-*s%s%s\n", indent, label, mark, line)
		label, mark = "", strings.Repeat(" ", len(mark))
	}
}

// mostSteps bounds what a screen shows of a list.
const mostSteps = 24

// Steps writes a label and a numbered list. Of a long list it leaves out the middle.
func (s Sheet) Steps(label string, steps []string) {
	hidden := max(0, len(steps)-mostSteps)
	for i, step := range steps {
		switch at := i - mostSteps/2; {
		case hidden > 1 && at == 0:
			s.Line("", "... %d more ...", hidden)
		case hidden > 1 && at > 0 && at < hidden:
		default:
			s.hang(label, strconv.Itoa(i+1)+". ", step)
		}
		label = ""
	}
}

// wrap breaks a text at spaces into lines of at most so many runes. Only a longer word is longer.
func wrap(text string, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// Count writes a number of things.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
