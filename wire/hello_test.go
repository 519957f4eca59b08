package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

var fraud = Welcome{Format: Format{Dim: 3, Outputs: 1, MaxVectors: 64}, Kind: Prob, Model: "fraud", Identity: Identity{1, 2, 3}}

func TestJudgeNamesOneFault(t *testing.T) {
	full := fraud
	full.Verdict, full.Sentence = NotNow, "256 connections are open"
	allWrong := Hello{Dim: 4, Outputs: 2, Kind: Raw, MaxVectors: 65, Model: "spam"}
	for _, c := range []struct {
		name     string
		own      Welcome
		version  int
		hello    Hello
		verdict  Verdict
		sentence string
	}{
		{"anything", fraud, 2, Hello{}, Welcomed, ""},
		{"all as it is", fraud, 2, Hello{3, 1, Prob, 64, "fraud"}, Welcomed, ""},
		{"fewer vectors", fraud, 2, Hello{MaxVectors: 1}, Welcomed, ""},
		{"later version", fraud, 3, Hello{}, Welcomed, ""},
		{"version 1", fraud, 1, allWrong, WrongVersion, "a hello of version 1: this server speaks version 2, and version 1 without a hello"},
		{"all wrong", fraud, 2, allWrong, WrongDim, "the client expects dim 4, the model has dim 3"},
		{"all but dim wrong", full, 2, Hello{Outputs: 2, Kind: Raw, MaxVectors: 65, Model: "spam"}, WrongOutputs, "the client expects 2 scores per vector, the model gives 1"},
		{"max_vectors, model and kind wrong", full, 2, Hello{Kind: Raw, MaxVectors: 65, Model: "spam"}, TooManyVectors, "the client sends up to 65 vectors per request, the server allows 64"},
		{"model and kind wrong", full, 2, Hello{Kind: Raw, Model: "spam"}, WrongModel, `the client expects the model "spam", the server has "fraud"`},
		{"another case of the name", fraud, 2, Hello{Model: "Fraud"}, WrongModel, `the client expects the model "Fraud", the server has "fraud"`},
		{"name with control characters", fraud, 2, Hello{Model: "\x1b[2J\xff"}, WrongModel, `the client expects the model "\x1b[2J\xff", the server has "fraud"`},
		{"kind wrong, and full", full, 2, Hello{Kind: Raw}, NotNow, full.Sentence},
		{"kind wrong", fraud, 2, Hello{Kind: Raw}, WrongKind, "the client expects scores of the kind raw, the model gives prob"},
		{"unknown kind", fraud, 2, Hello{Kind: 4}, WrongKind, "the client expects scores of the kind unknown (4), the model gives prob"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := AppendHello(nil, c.hello)[PreambleBytes:]
			want := c.own
			want.Verdict, want.Sentence = c.verdict, c.sentence
			if got := c.own.Judge(Preamble{c.version, len(body)}, body); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
	malformed := fraud.Judge(Preamble{2, 12}, make([]byte, 12))
	if want := "a hello with a body of 12 bytes does not hold its fields"; malformed.Verdict != Malformed || malformed.Sentence != want {
		t.Errorf("got %+v, want %q", malformed, want)
	}
}

// TestJudgeCutsSentences: a sentence that quotes the longest names ends between two characters.
func TestJudgeCutsSentences(t *testing.T) {
	own := fraud
	own.Model = strings.Repeat("数", MaxNameBytes/3)
	for lead := range 3 {
		body := AppendHello(nil, Hello{Model: "xyz"[:lead] + strings.Repeat("é", 120)})[PreambleBytes:]
		s := own.Judge(Preamble{2, len(body)}, body).Sentence
		if len(s) > JudgeSentenceBytes || len(s) < JudgeSentenceBytes-2 || !strings.HasSuffix(s, "数") {
			t.Errorf("%d bytes: %q", len(s), s)
		}
	}
}

// TestParseHelloStaysInTheBody: the bytes of the request that follows a hello are no part of it,
// even if the body lacks fields.
func TestParseHelloStaysInTheBody(t *testing.T) {
	whole := AppendHello(nil, Hello{Dim: 3, Model: "abcd"})[PreambleBytes:]
	for size := range len(whole) - 3 {
		if h, err := ParseHello(append(bytes.Clone(whole), whole...), size); !errors.Is(err, ErrMalformed) {
			t.Errorf("size %d: %+v, %v", size, h, err)
		}
	}
}

func TestParsePreambleOfAnotherProtocol(t *testing.T) {
	for in, want := range map[string]string{
		"H":             "begins with 48 and not",
		"DIS":           "",
		"DIT":           "begins with 44 49 54 and not",
		"DIS3":          "begins with 44 49 53 33 and not",
		"\x01\x00":      "begins with 01 00 and not",
		"HTTP/1.1 400 ": "begins with 48 54 54 50 and not",
	} {
		_, _, err := ParsePreamble([]byte(in))
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "wire: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

// TestLongestWelcome: the limits of name and sentence leave a body that its size can state.
func TestLongestWelcome(t *testing.T) {
	w := fraud
	w.Model, w.Sentence = strings.Repeat("n", MaxNameBytes), strings.Repeat("s", MaxSentenceBytes)
	b := AppendWelcome(nil, w)
	p, _, err := ParsePreamble(b)
	if err != nil || PreambleBytes+p.Size != len(b) || p.Size > maxBodyBytes || p.Size < maxBodyBytes-3 {
		t.Fatalf("%+v, %v, of %d bytes", p, err, len(b))
	}
	if got, err := ParseWelcome(b[PreambleBytes:]); err != nil || got != w {
		t.Errorf("parsed as %.200v, %v", got, err)
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"": true, "fraud": true, "modèle": true, "\xff": false,
		strings.Repeat("n", 255): true, strings.Repeat("n", 256): false,
	} {
		if got := ValidName(name); got != want {
			t.Errorf("%.20q: %v", name, got)
		}
	}
}
