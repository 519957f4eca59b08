//go:build linux

package tests

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// frame is a golden frame of the protocol; wire/testdata/README.md explains the fields.
type frame struct {
	Name       string
	Version    int
	Direction  string
	First      bool
	Dim        int
	Outputs    int
	MaxVectors int `json:"max_vectors"`
	Hex        string
	Outcome    struct {
		Is                       string
		Vectors                  int
		Bits                     []uint32
		Code, Detail, Type, Kind uint32
		Status, Dim, Outputs     int
		MaxVectors               int `json:"max_vectors"`
		Identity, Name, Sentence string
	}
}

// serverFrames returns the golden frames that a client of version 2 receives.
func serverFrames(t *testing.T) (frames []frame) {
	file, err := os.Open("../../../wire/testdata/frames.jsonl")
	check(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f frame
		check(t, json.Unmarshal(lines.Bytes(), &f))
		if f.Version == 2 && f.Direction == "server" {
			frames = append(frames, f)
		}
	}
	check(t, lines.Err())
	return frames
}

// TestGolden: the client finds in the golden frames what they hold, fed whole and byte by byte.
func TestGolden(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	frames := serverFrames(t)
	for _, f := range frames {
		first := 0
		if f.First {
			first = 1
		}
		fmt.Fprintln(&in, first, f.Dim, f.Outputs, f.MaxVectors, cmp.Or(f.Outcome.Vectors, 2), orDash(f.Hex))
	}
	cmd := java("Golden")
	cmd.Stdin, cmd.Stderr = strings.NewReader(in.String()), os.Stderr
	out, err := cmd.Output()
	check(t, err)
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != 2*len(frames) {
		t.Fatalf("%d frames, and %d lines", len(frames), len(lines))
	}
	for k, f := range frames {
		for n, way := range []string{"whole", "byte by byte"} {
			if got := lines[2*k+n]; got != found(&f) && !strings.HasPrefix(got, found(&f)+" ") {
				t.Errorf("%s, %s: found %q, want %q", f.Name, way, got, found(&f))
			}
		}
	}
}

// found is what Golden prints of a frame. A frame after it may add words.
func found(f *frame) string {
	o := &f.Outcome
	switch o.Is {
	case "answer":
		return "answer " + strings.Trim(fmt.Sprint(o.Bits), "[]")
	case "failure":
		row := int64(o.Detail)
		if o.Code != 1 && o.Code != 2 || row >= int64(cmp.Or(o.Vectors, 2)) {
			row = -1
		}
		return fmt.Sprintf("failure %d %d", o.Code, row)
	case "notice":
		return map[uint32]string{1: "leaving", 2: "another"}[o.Type]
	case "welcome":
		if o.Status != 0 {
			return fmt.Sprintf("welcome %d [%x]", o.Status, o.Sentence)
		}
		return fmt.Sprintf("welcome 0 %d %d %d %d %s [%x]", o.Dim, o.Outputs, o.Kind, o.MaxVectors, o.Identity, o.Name)
	case "incomplete":
		if f.Hex == "" && !f.First {
			return "" // it is between two messages
		}
		return "incomplete"
	}
	return "violation" // malformed, too
}
