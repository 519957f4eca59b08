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

	"github.com/disrust/disrust/client/languages/golden"
)

// TestFuzz: whatever a server sends and however it is split, a connection comes to the same end, with
// each call done once, and touches no memory that is not its own. The streams are made of golden frames.
func TestFuzz(t *testing.T) {
	var welcomes, others strings.Builder
	for _, f := range golden.Frames(t) {
		switch {
		case f.Hex == "":
		case f.First:
			welcomes.WriteString(f.Hex + "\n")
		default:
			others.WriteString(f.Hex + "\n")
		}
	}
	meets(t, "fuzz", "100000", welcomes.String()+"\n"+others.String())
}

// TestCancel: whichever calls are cancelled and fail and when, each other one gets its own scores, and the
// connection touches nothing of those that have ended.
func TestCancel(t *testing.T) {
	meets(t, "cancel", "2000", "")
}

// meets runs a program with a random seed. It prints what it has met, which must be enough to test it.
func meets(t *testing.T, program, rounds, input string) {
	t.Helper()
	seed := fmt.Sprint(rand.Uint32())
	cmd := exec.Command(compile(t, program, "-O2"), seed, rounds)
	cmd.Stdin = strings.NewReader(input)
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
			t.Errorf("%s: %d times in all rounds of the seed %s: they do not test it", what, times, seed)
		}
	}
}
