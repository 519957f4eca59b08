package wire

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// drawName returns any bytes that fit a name's field.
func drawName(t *rapid.T, label string) string {
	return string(rapid.SliceOfN(rapid.Byte(), 0, MaxNameBytes).Draw(t, label))
}

// laterFields returns words that a later version could add to a body.
func laterFields(t *rapid.T) []byte {
	words := rapid.IntRange(0, 4).Draw(t, "later")
	return rapid.SliceOfN(rapid.Byte(), 4*words, 4*words).Draw(t, "later")
}

// withLater returns the hello or the welcome in b with later at the end of its body.
func withLater(b, later []byte) []byte {
	return finishBody(append(slices.Clip(b), later...), PreambleBytes)
}

// wholePreamble checks that every beginning of b asks for bytes of the preamble only, and
// returns the preamble of all.
func wholePreamble(t *rapid.T, b []byte) Preamble {
	for cut := range PreambleBytes {
		if _, missing, err := ParsePreamble(b[:cut:cut]); err != nil || missing != PreambleBytes-cut {
			t.Fatalf("the first %d bytes: %d more needed, %v", cut, missing, err)
		}
	}
	p, missing, err := ParsePreamble(b)
	if err != nil || missing != 0 || !IsHello(b) || p != (Preamble{Version, len(b) - PreambleBytes}) {
		t.Fatalf("preamble %+v, %d more needed, %v", p, missing, err)
	}
	return p
}

// TestHelloRoundTrip: what AppendHello writes is what ParseHello returns, also if the body is
// longer than known, if only HelloBytes of it are there, and if a request follows.
func TestHelloRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32())
		want := Hello{
			Dim: word.Draw(t, "dim"), Outputs: word.Draw(t, "outputs"), Kind: Kind(word.Draw(t, "kind")),
			MaxVectors: word.Draw(t, "max_vectors"), Model: drawName(t, "name"),
		}
		b := AppendHello([]byte("before"), want)[len("before"):]
		if len(b) > HelloBytes {
			t.Fatalf("%d bytes, above HelloBytes", len(b))
		}
		b = withLater(b, laterFields(t))
		p := wholePreamble(t, b)
		end := rapid.IntRange(min(len(b), HelloBytes), len(b)).Draw(t, "end")
		for what, body := range map[string][]byte{"alone": b[PreambleBytes:], "cut": b[PreambleBytes:end], "followed": append(slices.Clip(b), b...)[PreambleBytes:]} {
			if got, err := ParseHello(slices.Clip(body), p.Size); err != nil || got != want {
				t.Fatalf("%s: %+v, %v, want %+v", what, got, err, want)
			}
		}
	})
}

// TestWelcomeRoundTrip: what AppendWelcome writes is what ParseWelcome returns, also if the body
// is longer than known.
func TestWelcomeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawWelcome(t)
		b := withLater(AppendWelcome([]byte("before"), want)[len("before"):], laterFields(t))
		p := wholePreamble(t, b)
		if got, err := ParseWelcome(b[PreambleBytes:]); err != nil || got != want {
			t.Fatalf("%+v, %v, want %+v", got, err, want)
		}
		cut := rapid.IntRange(0, p.Size-1).Draw(t, "cut")
		if w, err := ParseWelcome(b[PreambleBytes:][:cut:cut]); err == nil && w != want {
			t.Fatalf("the first %d bytes of the body are %+v", cut, w)
		}
	})
}

// drawWelcome returns a welcome with a valid format.
func drawWelcome(t *rapid.T) Welcome {
	f := Format{Dim: rapid.IntRange(1, MaxDim).Draw(t, "dim"), Outputs: rapid.IntRange(1, MaxOutputs).Draw(t, "outputs")}
	f.MaxVectors = rapid.IntRange(1, f.VectorLimit()).Draw(t, "max_vectors")
	w := Welcome{
		Verdict: Verdict(rapid.OneOf(rapid.Uint16Range(0, 9), rapid.Uint16()).Draw(t, "verdict")),
		Format:  f, Kind: Kind(rapid.Uint32().Draw(t, "kind")), Model: drawName(t, "name"),
		Sentence: strings.Repeat("s", rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, MaxSentenceBytes)).Draw(t, "sentence")),
	}
	copy(w.Identity[:], rapid.SliceOfN(rapid.Byte(), IdentityBytes, IdentityBytes).Draw(t, "identity"))
	return w
}

// TestJudge compares Judge with a model that finds all faults of a hello and names the first by
// the order 1, then 8, then the lowest.
func TestJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.SampledFrom([]string{"", "fraud", strings.Repeat("數", 85)}), rapid.Custom(func(t *rapid.T) string { return drawName(t, "bytes") }))
		small, kind := rapid.IntRange(1, 3), rapid.Uint32Range(0, 4)
		own := Welcome{
			Verdict: rapid.SampledFrom([]Verdict{Welcomed, Welcomed, NotNow}).Draw(t, "own verdict"),
			Format:  Format{small.Draw(t, "own dim"), small.Draw(t, "own outputs"), small.Draw(t, "own max_vectors")},
			Kind:    Kind(kind.Draw(t, "own kind")), Model: name.Filter(utf8.ValidString).Draw(t, "own name"), Sentence: "full",
		}
		asked := rapid.OneOf(rapid.Uint32Range(0, 4), rapid.Just(uint32(0)), rapid.Just(uint32(0)), rapid.Just(uint32(1<<32-1)))
		h := Hello{Dim: asked.Draw(t, "dim"), Outputs: asked.Draw(t, "outputs"), Kind: Kind(kind.Draw(t, "kind")), MaxVectors: asked.Draw(t, "max_vectors")}
		if h.Model = own.Model; rapid.Bool().Draw(t, "another name") {
			h.Model = name.Draw(t, "name")
		}
		p := Preamble{Version: rapid.SampledFrom([]int{0, 1, 2, 2, 2, 2, 3, 65_535}).Draw(t, "version")}
		body := AppendHello(nil, h)[PreambleBytes:]
		p.Size = len(body)
		cut := rapid.Bool().Draw(t, "cut")
		if cut {
			body = body[:rapid.IntRange(0, helloFixed+len(h.Model)-1).Draw(t, "size")]
			p.Size = len(body)
		}

		faults := map[Verdict]bool{
			WrongVersion: p.Version < 2, Malformed: cut, NotNow: own.Verdict == NotNow,
			WrongDim:       h.Dim != 0 && uint64(h.Dim) != uint64(own.Format.Dim),
			WrongOutputs:   h.Outputs != 0 && uint64(h.Outputs) != uint64(own.Format.Outputs),
			TooManyVectors: uint64(h.MaxVectors) > uint64(own.Format.MaxVectors),
			WrongModel:     h.Model != "" && h.Model != own.Model,
			WrongKind:      h.Kind != 0 && h.Kind != own.Kind,
		}
		want := own
		for _, v := range []Verdict{1, 8, 2, 3, 4, 5, 6, 7} {
			if faults[v] {
				want.Verdict = v
				break
			}
		}
		got := own.Judge(p, body)
		if want.Sentence = got.Sentence; got != want {
			t.Fatalf("%+v of version %d: %+v, want verdict %d", h, p.Version, got, want.Verdict)
		}
		if got.Verdict == own.Verdict {
			if got.Sentence != own.Sentence {
				t.Fatalf("sentence %q", got.Sentence)
			}
		} else if s := got.Sentence; s == "" || len(s) > JudgeSentenceBytes || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\n\r\x1b") {
			t.Fatalf("verdict %d with %q, of %d bytes", got.Verdict, s, len(s))
		}
		if back, err := ParseWelcome(AppendWelcome(nil, got)[PreambleBytes:]); err != nil || back != got {
			t.Fatalf("parsed as %+v, %v", back, err)
		}
	})
}
