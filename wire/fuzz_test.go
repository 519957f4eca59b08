package wire

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func FuzzParseRequest(f *testing.F) {
	fuzzParse(f, tiny.ParseRequest, tiny.RequestBytes)
}

func FuzzParseResponse(f *testing.F) {
	fuzzParse(f, tiny.ParseResponse, tiny.ResponseBytes)
}

// fuzzParse checks properties that hold for any input. The input's capacity is its length,
// so a read past it panics.
func fuzzParse(f *testing.F, parse func([]byte) Frame, frameBytes func(int) int) {
	f.Add([]byte(nil))
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{3, 0, 0, 0, 1, 2, 3, 4})
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte{0, 0, 0, 128})
	f.Add(goldenRequest)
	f.Add(goldenResponse)
	f.Add(append(goldenResponse[:len(goldenResponse):len(goldenResponse)], 1, 0, 0))
	f.Fuzz(func(t *testing.T, in []byte) {
		exact := make([]byte, len(in))
		copy(exact, in)
		frame := parse(exact)
		switch frame.Status {
		case Complete:
			if frame.Vectors < 1 || frame.Vectors > tiny.MaxVectors || frame.Bytes != frameBytes(frame.Vectors) || frame.Bytes > len(in) {
				t.Fatalf("%d bytes gave %+v", len(in), frame)
			}
		case Incomplete:
			whole := HeaderBytes
			if len(in) >= HeaderBytes {
				whole = frameBytes(frame.Vectors)
			}
			if frame.Bytes < 1 || len(in)+frame.Bytes != whole {
				t.Fatalf("%d bytes gave %+v", len(in), frame)
			}
		case Invalid:
			if frame.Bytes != 0 || len(in) < HeaderBytes || frame.Vectors >= 1 && frame.Vectors <= tiny.MaxVectors {
				t.Fatalf("%d bytes gave %+v", len(in), frame)
			}
		default:
			t.Fatalf("%d bytes gave %+v", len(in), frame)
		}
	})
}

// FuzzParseReply checks properties that hold for any input. A whole failure or notice is
// encoded again to the same bytes.
func FuzzParseReply(f *testing.F) {
	addGolden(f, "server", false)
	f.Fuzz(func(t *testing.T, in []byte) {
		exact := slices.Clip(slices.Clone(in))
		r := tiny.ParseReply(exact)
		switch frame := tiny.ParseResponse(exact); {
		case r.Kind == Answer:
			if r != (Reply{Frame: frame}) {
				t.Fatalf("%d bytes gave %+v, as a response %+v", len(in), r, frame)
			}
		case frame.Status != Invalid || len(in) < HeaderBytes || in[3] < 0x80 || (r.Kind == Notice) != (in[3] >= 0xC0):
			t.Fatalf("%d bytes gave %+v", len(in), r)
		case r.Status == Incomplete:
			if r.Bytes < 1 || r.Bytes > MaxNoticeBytes-len(in) || len(in) < FailureBytes && len(in)+r.Bytes != FailureBytes {
				t.Fatalf("%d bytes gave %+v", len(in), r)
			}
		case r.Status == Invalid:
			if r.Kind != Notice || r.Bytes != 0 {
				t.Fatalf("%d bytes gave %+v", len(in), r)
			}
		default:
			again := AppendFailure(nil, r.Code, r.Detail)
			if r.Kind == Notice {
				again = AppendNotice(nil, r.Code, r.Notice(exact))
			}
			if !slices.Equal(again, in[:r.Bytes]) {
				t.Fatalf("% x encoded again as % x", in[:r.Bytes], again)
			}
		}
	})
}

// FuzzHello: any hello is judged, with a sentence that can be sent. A hello that holds its
// fields keeps them when it is encoded again.
func FuzzHello(f *testing.F) {
	addGolden(f, "client", true)
	f.Fuzz(func(t *testing.T, in []byte) {
		p, missing, err := ParsePreamble(slices.Clip(in))
		if err != nil || missing > 0 || len(in) < min(PreambleBytes+p.Size, HelloBytes) {
			return
		}
		body := slices.Clip(in[PreambleBytes:])
		w := fraud.Judge(p, body)
		if s := w.Sentence; len(s) > JudgeSentenceBytes || !utf8.ValidString(s) || (s == "") != (w.Verdict == Welcomed) {
			t.Fatalf("judged %+v", w)
		}
		h, err := ParseHello(body, p.Size)
		if p.Version >= Version && (err != nil) != (w.Verdict == Malformed) {
			t.Fatalf("%v, judged %+v", err, w)
		}
		if err != nil {
			return
		}
		again := AppendHello(nil, h)
		if len(again) > PreambleBytes+p.Size {
			t.Fatalf("a body of %d bytes encoded again with %d", p.Size, len(again)-PreambleBytes)
		}
		if back, err := ParseHello(again[PreambleBytes:], len(again)-PreambleBytes); err != nil || back != h {
			t.Fatalf("%+v encoded again as %+v, %v", h, back, err)
		}
	})
}

// FuzzWelcome: a welcome that holds its fields keeps them when it is encoded again. One with the
// verdict Welcomed has a valid format.
func FuzzWelcome(f *testing.F) {
	addGolden(f, "server", true)
	f.Fuzz(func(t *testing.T, in []byte) {
		p, missing, err := ParsePreamble(slices.Clip(in))
		if err != nil || missing > 0 || len(in) < PreambleBytes+p.Size {
			return
		}
		w, err := ParseWelcome(slices.Clip(in[PreambleBytes:][:p.Size]))
		if err != nil || len(w.Sentence) > MaxSentenceBytes {
			return
		}
		if err := w.Format.Validate(); err != nil && w.Verdict == Welcomed {
			t.Fatalf("%+v is accepted: %v", w, err)
		}
		if back, err := ParseWelcome(AppendWelcome(nil, w)[PreambleBytes:]); err != nil || back != w {
			t.Fatalf("%+v encoded again as %+v, %v", w, back, err)
		}
	})
}

// addGolden adds the small golden frames of this direction to the corpus.
func addGolden(f *testing.F, direction string, first bool) {
	for _, l := range goldenLines(f) {
		if l.Direction == direction && l.First == first && len(l.Hex) < 4096 {
			f.Add(l.bytes(f))
		}
	}
}
