//go:build linux && deploy

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
)

// TestCompletions asks the shells what they offer.
func TestCompletions(t *testing.T) {
	for line, want := range map[string][]string{
		"disrust ":                      {"check", "doctor", "help", "inspect", "plan", "score", "top", "verify", "version"},
		"disrust --io ":                 {"auto", "epoll", "uring"},
		"disrust plan --wait y":         {"yield"},
		"disrust --drain-s":             {"--drain-spread"},
		"disrust score --header ":       {"auto", "names", "none", "skip"},
		"disrust check --js":            {"--json"},
		"disrust check completions/_di": {"completions/_disrust"},
		"disrust --model completions/_": {"completions/_disrust"},
	} {
		for shell, ask := range map[string]func(*testing.T, string) []string{"bash": bash, "fish": fish} {
			got := ask(t, line)
			got = slices.DeleteFunc(got, func(word string) bool { return !slices.Contains(want, word) && strings.HasPrefix(word, "completions/") })
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q is completed with %q, want %q", shell, line, got, want)
			}
		}
	}
	command(t, "zsh", "-n", "completions/_disrust")
}

// bash completes the last word of a line.
func bash(t *testing.T, line string) []string {
	t.Helper()
	return lines(command(t, "bash", "-c", `source completions/disrust.bash
read -ra COMP_WORDS <<<"$0"
[[ $0 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_disrust
printf '%s\n' "${COMPREPLY[@]}"`, line))
}

// fish completes the last word of a line. It writes a word and, behind a tab, what it means.
func fish(t *testing.T, line string) []string {
	t.Helper()
	all := lines(command(t, "fish", "--no-config", "-c", "source completions/disrust.fish; complete -C $argv", line))
	for i, word := range all {
		all[i], _, _ = strings.Cut(word, "\t")
	}
	return all
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

// TestManual: the manual page has no faults. It has no date, because that would be the one of a build.
func TestManual(t *testing.T) {
	stdout, _, _ := daemontest.RunToEnd(t, "mandoc", "-T", "lint", "-W", "warning", "disrust.1")
	for line := range strings.Lines(stdout) {
		if !strings.Contains(line, "missing date") {
			t.Error(line)
		}
	}
	if page := command(t, "mandoc", "-T", "utf8", "disrust.1"); !strings.Contains(page, "127.0.0.1") {
		t.Errorf("the page lacks the default of --host:\n%s", page)
	}
}
