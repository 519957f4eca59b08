package readme

import (
	"slices"
	"testing"
)

func TestCommands(t *testing.T) {
	const page = "text\n```\ngo test\n\ntool a  # a comment\ntool --hash=#1 > b\n```\n```go\nx := 1\n```\n```\n picture\nof a box\n```\n" +
		"```sh\nlong \\\n\tline\n```\n```text\nno command\n```\n```\nlast\n```\n"
	if got, want := Commands(page), []string{"go test", "tool a", "tool --hash=#1 > b", "long \tline", "last"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestProgram(t *testing.T) {
	const page = "```go\nx := 1\n```\n```go.mod\nmodule m\n```\n```go\npackage main\n```\n```go\npackage main // a second one\n```\n"
	if mod, main := Program(page); mod != "module m\n" || main != "package main\n" {
		t.Errorf("%q, %q", mod, main)
	}
}

func TestBlocks(t *testing.T) {
	const page = "```go\na\n```\n```python\nb\n\nc\n```\ntext\n```python\nd\n```\n"
	if got := Blocks(page, "python"); !slices.Equal(got, []string{"b\n\nc\n", "d\n"}) {
		t.Errorf("%q", got)
	}
}

func TestRunner(t *testing.T) {
	for command, want := range map[string]string{
		"go run ./server/bench":                  "server/bench",
		"go run ./server/bench --rounds 1":       "server/bench",
		"go run ./server/bench/callers":          "server/bench/callers",
		"go run ./server/cmd/disrust 2 9901":     "server/cmd/disrust",
		"disrust-client 9900 smoke":              "client/cmd/disrust-client",
		"go test ./server/...":                   Rest,
		"go run ./server/cmd/disrust-other plan": Rest,
	} {
		if got := runner(command); got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
}

func TestArgs(t *testing.T) {
	got := Args(t, `tool --flags '--a b' {port} c"d"`, "tool")
	if want := []string{"--flags", "--a b", "{port}", "cd"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Args(t, "tool", "tool"); len(got) != 0 {
		t.Errorf("%q, want nothing", got)
	}
}
