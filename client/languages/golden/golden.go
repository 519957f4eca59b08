//go:build linux

// Package golden compares what a client finds in the protocol's golden frames with what they hold.
package golden

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
)

// Frame is a golden frame of the protocol; wire/testdata/README.md explains the fields.
type Frame struct {
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

// Frames returns the frames that a client of version 2 receives. The test runs in client/LANGUAGE/tests.
func Frames(t *testing.T) (frames []Frame) {
	t.Helper()
	file, err := os.Open("../../../wire/testdata/frames.jsonl")
	check(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f Frame
		check(t, json.Unmarshal(lines.Bytes(), &f))
		if f.Version == 2 && f.Direction == "server" {
			frames = append(frames, f)
		}
	}
	check(t, lines.Err())
	return frames
}

// Compare has a program read the frames, and judges what it prints.
//
// It reads a line for each frame: 1 if the frame is the first on its connection, or 0; dim, outputs and max_vectors of
// the connection; the vectors of the request that it answers; and the bytes in hexadecimal, or -. It prints two lines:
// what it has found when fed the frame whole, and byte by byte. maxSentence is how many bytes of a refusal's sentence
// the client keeps.
func Compare(t *testing.T, program *exec.Cmd, maxSentence int) {
	t.Helper()
	var in strings.Builder
	frames := Frames(t)
	for _, f := range frames {
		first := 0
		if f.First {
			first = 1
		}
		fmt.Fprintln(&in, first, f.Dim, f.Outputs, f.MaxVectors, cmp.Or(f.Outcome.Vectors, 2), cmp.Or(f.Hex, "-"))
	}
	program.Stdin = strings.NewReader(in.String())
	out, said, status := daemontest.RunCommandToEnd(t, program)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if status != 0 || len(lines) != 2*len(frames) {
		t.Fatalf("status %d, %d frames, and %d lines: %s", status, len(frames), len(lines), said)
	}
	for k, f := range frames {
		want := f.found(maxSentence)
		for n, way := range []string{"whole", "byte by byte"} {
			if got := strings.TrimSpace(lines[2*k+n]); got != want && !strings.HasPrefix(got, want+" ") {
				t.Errorf("%s, %s: found %q, want %q", f.Name, way, got, want)
			}
		}
	}
}

// found is what the program prints of a frame. A frame after it may add words.
func (f *Frame) found(maxSentence int) string {
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
			return fmt.Sprintf("welcome %d [%x]", o.Status, o.Sentence[:min(len(o.Sentence), maxSentence)])
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

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
