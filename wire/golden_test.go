package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// goldenLine is a line of testdata/frames.jsonl. testdata/README.md describes it.
type goldenLine struct {
	Name       string
	Version    int
	Direction  string
	First      bool
	Dim        int
	Outputs    int
	MaxVectors int `json:"max_vectors"`
	Hex        string
	Outcome    json.RawMessage
	Encodes    bool
}

// goldenLines returns the lines of testdata/frames.jsonl.
func goldenLines(t testing.TB) (lines []goldenLine) {
	t.Helper()
	file, err := os.Open("testdata/frames.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		decoder := json.NewDecoder(bytes.NewReader(scanner.Bytes()))
		decoder.DisallowUnknownFields()
		var l goldenLine
		if err := decoder.Decode(&l); err != nil {
			t.Fatalf("%.100s: %v", scanner.Text(), err)
		}
		lines = append(lines, l)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// bytes returns what l.Hex encodes. Its capacity is its length.
func (l goldenLine) bytes(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString(l.Hex)
	if err != nil {
		t.Fatalf("%s: %v", l.Name, err)
	}
	return slices.Clip(b)
}

// TestGoldenFrames reads each line of testdata/frames.jsonl, whose bytes do not come from this
// package, and encodes what it has found.
func TestGoldenFrames(t *testing.T) {
	lines := goldenLines(t)
	if len(lines) < 150 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, l := range lines {
		t.Run(l.Name, func(t *testing.T) {
			b := l.bytes(t)
			found, encoded := l.read(t, b)
			if got, want := sorted(t, found), sorted(t, l.Outcome); got != want {
				t.Fatalf("found %s, want %s", got, want)
			}
			size, whole := found["bytes"].(int)
			if l.Encodes && !bytes.Equal(encoded, b[:size]) {
				t.Errorf("encoded as % x", encoded)
			}
			for cut := 0; whole && cut < size; cut++ {
				part, _ := l.read(t, slices.Clip(b[:cut]))
				more, _ := part["more"].(int)
				if part["is"] != "incomplete" || more < 1 || cut+more > size {
					t.Fatalf("%d of its %d bytes are %v", cut, size, part)
				}
			}
		})
	}
}

// TestReadmeExample reads the messages of the example in README.md, as their names say.
func TestReadmeExample(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "\n## An example\n")
	_, example, _ = strings.Cut(example, "\n```text\n")
	example, _, _ = strings.Cut(example, "```\n")
	example = strings.ReplaceAll(example, "\n ", " ") // one message per line
	messages := 0
	for line := range strings.Lines(example) {
		words := strings.Fields(line)
		name := words[1]
		l := goldenLine{
			Name: line, Version: 2, Direction: words[0], First: name == "hello" || name == "welcome",
			Dim: 3, Outputs: 1, MaxVectors: 64, Hex: strings.Join(words[2:], ""),
		}
		b := l.bytes(t)
		if found, _ := l.read(t, b); found["is"] != name || found["bytes"] != len(b) {
			t.Errorf("%s %s is %v", l.Direction, name, found)
		}
		messages++
	}
	if messages != 7 {
		t.Errorf("%d messages, want 7", messages)
	}
}

// sorted returns v as JSON with sorted keys. v is JSON, or a value.
func sorted(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		t.Fatal(err)
	}
	if b, err = json.Marshal(object); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type outcome map[string]any

// read returns the outcome that this package finds in b, and how it encodes it.
func (l goldenLine) read(t *testing.T, b []byte) (found outcome, encoded []byte) {
	switch {
	case l.First && l.Version == Version:
		return l.readGreeting(t, b)
	case l.First && IsHello(b):
		t.Fatal("the line says version 1, and begins with a hello")
	}
	f := Format{l.Dim, l.Outputs, l.MaxVectors}
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	switch {
	case l.Direction == "client":
		return readFrame(t, "request", Reply{Frame: f.ParseRequest(b)}, b)
	case l.Version == 1:
		return readFrame(t, "answer", Reply{Frame: f.ParseResponse(b)}, b)
	}
	return readFrame(t, "answer", f.ParseReply(b), b)
}

func readFrame(t *testing.T, counted string, r Reply, b []byte) (found outcome, encoded []byte) {
	switch r.Status {
	case Incomplete:
		return outcome{"is": "incomplete", "more": r.Bytes}, nil
	case Invalid:
		bad := binary.LittleEndian.Uint32(b)
		if want := int(min(uint64(bad), math.MaxInt)); r.Vectors != want {
			t.Errorf("%d vectors, want %d", r.Vectors, want)
		}
		return outcome{"is": "violation", "word": bad}, nil
	}
	found = outcome{"bytes": r.Bytes}
	switch r.Kind {
	case Failure:
		found["is"], found["code"], found["detail"] = "failure", r.Code, r.Detail
		return found, AppendFailure(nil, r.Code, r.Detail)
	case Notice:
		payload := r.Notice(b)
		found["is"], found["type"], found["size"] = "notice", r.Code, len(payload)
		return found, AppendNotice(nil, r.Code, payload)
	}
	floats := make([]float32, len(r.Payload(b))/floatBytes)
	CopyRows(floats, r.Payload(b))
	bits := make([]uint32, len(floats))
	for i, float := range floats {
		bits[i] = math.Float32bits(float)
	}
	found["is"], found["vectors"], found["bits"] = counted, r.Vectors, bits
	if counted == "request" {
		return found, AppendRequest(nil, r.Vectors, floats)
	}
	return found, AppendResponse(nil, r.Vectors, floats)
}

func (l goldenLine) readGreeting(t *testing.T, b []byte) (found outcome, encoded []byte) {
	p, missing, err := ParsePreamble(b)
	switch size := PreambleBytes + p.Size; {
	case err != nil:
		return outcome{"is": "violation", "word": binary.LittleEndian.Uint32(b)}, nil
	case len(b) >= HeaderBytes && !IsHello(b):
		t.Fatal("the preamble of a hello is that of none")
	case missing > 0:
		return outcome{"is": "incomplete", "more": missing}, nil
	case len(b) < size:
		return outcome{"is": "incomplete", "more": size - len(b)}, nil
	}
	if l.Direction == "client" {
		return readHello(p, b)
	}
	return readWelcome(p, b)
}

func readHello(p Preamble, b []byte) (found outcome, encoded []byte) {
	found = outcome{"is": "hello", "bytes": PreambleBytes + p.Size, "version": p.Version}
	if p.Version < Version {
		return found, nil
	}
	h, err := ParseHello(b[PreambleBytes:], p.Size)
	if err != nil {
		return outcome{"is": "malformed"}, nil
	}
	found["dim"], found["outputs"], found["kind"], found["max_vectors"] = h.Dim, h.Outputs, h.Kind, h.MaxVectors
	found["name"] = h.Model
	return found, AppendHello(nil, h)
}

func readWelcome(p Preamble, b []byte) (found outcome, encoded []byte) {
	size := PreambleBytes + p.Size
	w, err := ParseWelcome(b[PreambleBytes:size])
	if err != nil {
		return outcome{"is": "malformed"}, nil
	}
	return outcome{
		"is": "welcome", "bytes": size, "version": p.Version, "status": w.Verdict,
		"dim": w.Format.Dim, "outputs": w.Format.Outputs, "kind": w.Kind, "max_vectors": w.Format.MaxVectors,
		"identity": hex.EncodeToString(w.Identity[:]), "name": w.Model, "sentence": w.Sentence,
	}, AppendWelcome(nil, w)
}
