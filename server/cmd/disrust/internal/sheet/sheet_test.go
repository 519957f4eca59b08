package sheet

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLine(t *testing.T) {
	var b strings.Builder
	s := Sheet{&b}
	s.Line("file", "a\nname with \x1b and %d words", 6)
	s.Line("note", "%s", strings.Repeat("twelve chars ", 8))
	want := "file            a\\nname with \\x1b and 6 words\n" +
		"note            twelve chars twelve chars twelve chars twelve chars twelve chars twelve chars twelve\n" +
		"                chars twelve chars\n"
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}

// TestLongStep: a step that is too long for a line goes on beside its number.
func TestLongStep(t *testing.T) {
	var b strings.Builder
	Sheet{&b}.Steps("stages", []string{"a", strings.Repeat("twelve chars ", 8)})
	want := "stages          1. a\n" +
		"                2. twelve chars twelve chars twelve chars twelve chars twelve chars twelve chars\n" +
		"                   twelve chars twelve chars\n"
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}

// TestSteps: a list is numbered, and of a long one the first and last elements are shown.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 3*mostSteps).Draw(t, "steps")
		steps := make([]string, count)
		for i := range steps {
			steps[i] = fmt.Sprintf("step %d.", i+1)
		}
		var b strings.Builder
		Sheet{&b}.Steps("stages", steps)
		lines := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' })
		if len(lines) > mostSteps+1 || count > 0 && !strings.HasPrefix(lines[0], "stages          1. step 1.") {
			t.Fatalf("%d lines:\n%s", len(lines), &b)
		}
		next := 1
		for _, line := range lines {
			if _, err := fmt.Sscanf(line[indent:], "... %d more", &count); err == nil {
				next += count
			} else if want := fmt.Sprintf("%d. step %d.", next, next); line[indent:] != want {
				t.Fatalf("%q, not %q", line[indent:], want)
			} else {
				next++
			}
		}
		if next != len(steps)+1 {
			t.Errorf("%d of %d steps", next-1, len(steps))
		}
	})
}

// TestWrap: no word is lost or out of order, and a line is longer than allowed only if it is one word.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[aé]{1,12}`)).Draw(t, "words")
		most := rapid.IntRange(1, 20).Draw(t, "most")
		lines := wrap(strings.Join(words, " "), most)
		for _, l := range lines {
			if utf8.RuneCountInString(l) > most && strings.Contains(l, " ") {
				t.Errorf("%q has more than %d", l, most)
			}
		}
		if got, want := strings.Join(lines, " "), strings.Join(words, " "); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	})
}

func TestCount(t *testing.T) {
	if got := Count(1, "leaf", "leaves") + Count(0, "leaf", "leaves"); got != "1 leaf0 leaves" {
		t.Error(got)
	}
}
