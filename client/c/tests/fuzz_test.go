//go:build linux

package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// TestFuzz: whatever a server sends and however it is split, a connection comes to the same end, with
// each call done once, and touches no memory that is not its own. The streams are made of golden frames.
func TestFuzz(t *testing.T) {
	var welcomes, others strings.Builder
	for _, f := range serverFrames(t) {
		switch {
		case f.Hex == "":
		case f.First:
			welcomes.WriteString(f.Hex + "\n")
		default:
			others.WriteString(f.Hex + "\n")
		}
	}
	seed := fmt.Sprint(rand.Uint32())
	cmd := exec.Command(compile(t, "fuzz", "-O2"), seed, "100000")
	cmd.Stdin = strings.NewReader(welcomes.String() + "\n" + others.String())
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("with the seed %s: %v\n%.2000s\n%.2000s", seed, err, out, said.String())
	}
	var met map[string]int
	check(t, json.Unmarshal(out, &met))
	for what, times := range met {
		if times < 1000 {
			t.Errorf("%s: %d times in all streams of the seed %s: they do not test it", what, times, seed)
		}
	}
}
