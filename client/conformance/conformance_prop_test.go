package conformance_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestAnyRightClient: a right client passes, however it cuts its writes and the calls that do
// not fit in a request.
func TestAnyRightClient(t *testing.T) {
	server := listen(t, patience)
	all := names(dialControl(t, server))
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(all).Draw(rt, "scenario")
		under := reference{t: t, chunk: rapid.IntRange(0, 40).Draw(rt, "chunk"), part: rapid.IntRange(0, 2).Draw(rt, "part")}
		if name == "largest-dim" {
			under.chunk *= 10_000
		}
		c := dialControl(t, server)
		defer c.Close()
		if wrong := play(c, name, under); len(wrong) > 0 {
			rt.Fatalf("%s: %q", name, wrong)
		}
	})
}

// TestAnyLine: whatever a line holds, one line of JSON answers it.
func TestAnyLine(t *testing.T) {
	server := listen(t, patience)
	rapid.Check(t, func(rt *rapid.T) {
		c := dialControl(t, server)
		defer c.Close()
		words := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]string{"list", "script", "result", "plain", " ", "\t", "\r"}), rapid.StringN(0, 20, 100)), 0, 6)
		var line []byte
		for _, word := range words.Draw(rt, "words") {
			line = append(append(line, word...), ' ')
		}
		line = append(bytes.ReplaceAll(line, []byte("\n"), nil), '\n')
		c.Write(append(line, "list\n"...))
		for n := range 2 {
			answer, err := c.in.ReadBytes('\n')
			if err != nil || !json.Valid(answer) {
				rt.Fatalf("answer %d to %q: %q, %v", n, line, answer, err)
			}
		}
	})
}
