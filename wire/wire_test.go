package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// tiny is a format whose requests have 12 or 20 bytes, so that a test can write them out.
var tiny = Format{Dim: 2, Outputs: 1, MaxVectors: 2}

var (
	goldenRequest = []byte{
		2, 0, 0, 0,
		0x00, 0x00, 0x80, 0x3f, // 1
		0x00, 0x00, 0x00, 0xc0, // -2
		0x00, 0x00, 0x00, 0x80, // -0
		0xdb, 0x0f, 0x49, 0x40, // pi
	}
	goldenRows     = []float32{1, -2, float32(math.Copysign(0, -1)), math.Pi}
	goldenResponse = []byte{
		2, 0, 0, 0,
		0x00, 0x00, 0x80, 0xbf, // -1
		0xdb, 0x0f, 0x49, 0x40, // pi
	}
	goldenScores = []float32{-1, math.Pi}
)

func TestGolden(t *testing.T) {
	if got := AppendRequest(nil, 2, goldenRows); !bytes.Equal(got, goldenRequest) {
		t.Errorf("request is % x, want % x", got, goldenRequest)
	}
	if got := append(AppendHeader(nil, 2), goldenRequest[HeaderBytes:]...); !bytes.Equal(got, goldenRequest) {
		t.Errorf("header and rows are % x, want % x", got, goldenRequest)
	}
	if got := AppendResponse(nil, 2, goldenScores); !bytes.Equal(got, goldenResponse) {
		t.Errorf("response is % x, want % x", got, goldenResponse)
	}
	rows := make([]float32, 4)
	CopyRows(rows, goldenRequest[HeaderBytes:])
	wantBits(t, rows, goldenRows)
	scores := make([]float32, 2)
	CopyScores(scores, goldenResponse[HeaderBytes:])
	wantBits(t, scores, goldenScores)
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"row", Default.RowBytes(), 512},
		{"request of 1", Default.RequestBytes(1), 516},
		{"request of 64", Default.RequestBytes(64), 32_772},
		{"response of 1", Default.ResponseBytes(1), 8},
		{"response of 64", Default.ResponseBytes(64), 260},
		{"tiny request of 2", tiny.RequestBytes(2), 20},
		{"tiny request of 2, in floats, times four", 4 * tiny.RequestFloats(2), 20},
		{"response of 64, in floats, times four", 4 * Default.ResponseFloats(64), 260},
	} {
		if c.got != c.want {
			t.Errorf("%s has %d bytes, want %d", c.name, c.got, c.want)
		}
	}
}

// TestMostResponseBytesOfLargerRequests: 29 bytes complete a request of two vectors that lacked
// one byte, and another one of two vectors.
func TestMostResponseBytesOfLargerRequests(t *testing.T) {
	f := Format{Dim: 3, Outputs: 1, MaxVectors: 2}
	if got, want := f.MostResponseBytes(1+f.RequestBytes(2)), 2*f.ResponseBytes(2); got < want {
		t.Errorf("%d bytes of responses, but the two requests have %d", got, want)
	}
}

// TestMostResponseBytesOfAnyRequests looks for the most floats of responses by trying all
// requests that fit: the bound holds for every small format and every size of a receive. Where
// the best requests fill the receive, it is no larger than they need.
func TestMostResponseBytesOfAnyRequests(t *testing.T) {
	const floats = 48
	for dim := 1; dim <= 5; dim++ {
		for outputs := 1; outputs <= 7; outputs++ {
			for maxVectors := 1; maxVectors <= 5; maxVectors++ {
				f := Format{Dim: dim, Outputs: outputs, MaxVectors: maxVectors}
				var whole [floats + 1]int // the most floats of responses to whole requests of so many floats
				for i := 1; i <= floats; i++ {
					whole[i] = whole[i-1]
					for v := 1; v <= maxVectors && f.RequestFloats(v) <= i; v++ {
						whole[i] = max(whole[i], whole[i-f.RequestFloats(v)]+f.ResponseFloats(v))
					}
				}
				for received := 1; received <= 4*floats; received++ { // one byte completes an earlier request
					most := f.ResponseBytes(maxVectors) + 4*whole[(received-1)/4]
					if got := f.MostResponseBytes(received); got < most {
						t.Fatalf("%+v: %d bytes received: %d bytes of responses, but some requests have %d", f, received, got, most)
					}
				}
				best := 1
				if outputs > dim {
					best = maxVectors
				}
				if got, want := f.MostResponseBytes(2*f.RequestBytes(best)), f.ResponseBytes(maxVectors)+2*f.ResponseBytes(best); got != want {
					t.Fatalf("%+v: %d bytes for the best requests, want %d", f, got, want)
				}
			}
		}
	}
}

func TestParseRequest(t *testing.T) {
	two := goldenRequest
	one := []byte{1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}
	for _, c := range []struct {
		name string
		in   []byte
		want Frame
	}{
		{"nothing", nil, Frame{Incomplete, 0, 4}},
		{"half a header", two[:3], Frame{Incomplete, 0, 1}},
		{"header of an invalid count, cut", []byte{0, 0, 0}, Frame{Incomplete, 0, 1}},
		{"header alone", two[:4], Frame{Incomplete, 2, 16}},
		{"one byte short", two[:19], Frame{Incomplete, 2, 1}},
		{"exact", two, Frame{Complete, 2, 20}},
		{"followed by another", append(bytes.Clone(one), two...), Frame{Complete, 1, 12}},
		{"followed by an invalid count", append(bytes.Clone(one), 0, 0, 0, 0), Frame{Complete, 1, 12}},
		{"zero", []byte{0, 0, 0, 0}, Frame{Invalid, 0, 0}},
		{"one above the limit", []byte{3, 0, 0, 0}, Frame{Invalid, 3, 0}},
		{"high byte alone", []byte{1, 0, 0, 1, 9, 9}, Frame{Invalid, 1<<24 + 1, 0}},
		{"largest", []byte{255, 255, 255, 255}, Frame{Invalid, int(min(uint64(math.MaxUint32), math.MaxInt)), 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := tiny.ParseRequest(c.in); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestParseResponse(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []byte
		want Frame
	}{
		{"nothing", nil, Frame{Incomplete, 0, 4}},
		{"header alone", goldenResponse[:4], Frame{Incomplete, 2, 8}},
		{"one byte short", goldenResponse[:11], Frame{Incomplete, 2, 1}},
		{"exact", goldenResponse, Frame{Complete, 2, 12}},
		{"zero", []byte{0, 0, 0, 0}, Frame{Invalid, 0, 0}},
		{"one above the limit", []byte{3, 0, 0, 0}, Frame{Invalid, 3, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := tiny.ParseResponse(c.in); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		f       Format
		wantErr string // "" when valid
	}{
		{Default, ""},
		{Format{1, 1, 1}, ""},
		{Format{65_535, 1, 64}, ""},
		{Format{1, 65_535, 64}, ""},
		{Format{1, 1, 65_535}, ""},
		{Format{128, 64, 32_767}, ""},
		{Format{}, "dim 0: 1 to 65535 is allowed"},
		{Format{-1, 1, 64}, "dim -1"},
		{Format{65_536, 1, 1}, "dim 65536"},
		{Format{1, 0, 1}, "outputs 0: 1 to 65535 is allowed"},
		{Format{1, 65_536, 1}, "outputs 65536"},
		{Format{128, 1, 0}, "max_vectors 0: with dim 128 and outputs 1, 1 to 32767 is allowed"},
		{Format{128, 1, 32_768}, "max_vectors 32768"},
		{Format{1, 256, 16_384}, "max_vectors 16384: with dim 1 and outputs 256, 1 to 16383 is allowed"},
		{Format{1, 1, 65_536}, "max_vectors 65536"},
		{Format{math.MaxInt, 1, math.MaxInt}, "dim"},
		{Format{128, 1, math.MinInt}, "max_vectors"},
	} {
		err := c.f.Validate()
		if c.wantErr == "" && err != nil || c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)) {
			t.Errorf("%+v: %v, want %q", c.f, err, c.wantErr)
		}
		if c.wantErr == "" && max(c.f.RequestBytes(c.f.MaxVectors), c.f.ResponseBytes(c.f.MaxVectors)) > MaxFrameBytes {
			t.Errorf("%+v: valid, but a frame has more than %d bytes", c.f, MaxFrameBytes)
		}
	}
}

func TestMisusePanics(t *testing.T) {
	for name, misuse := range map[string]func(){
		"rows: src too short":     func() { CopyRows(make([]float32, 2), make([]byte, 7)) },
		"rows: src too long":      func() { CopyRows(make([]float32, 2), make([]byte, 12)) },
		"scores: src too short":   func() { CopyScores(make([]float32, 1), nil) },
		"scores: src not empty":   func() { CopyScores(nil, make([]byte, 4)) },
		"response without scores": func() { AppendResponse(nil, 1, nil) },
		"response of 0 vectors":   func() { AppendResponse(nil, 0, make([]float32, 1)) },
		"scores: no multiple":     func() { AppendResponse(nil, 2, make([]float32, 3)) },
		"request of 0 vectors":    func() { AppendRequest(nil, 0, nil) },
		"request of -1 vectors":   func() { AppendRequest(nil, -1, make([]float32, 2)) },
		"request without rows":    func() { AppendRequest(nil, 2, nil) },
		"no multiple":             func() { AppendRequest(nil, 2, make([]float32, 3)) },
		"floats of 1 byte":        func() { Floats(make([]byte, 1)) },
		"floats of 6 bytes":       func() { Floats(make([]byte, 6)) },
		"floats of 7 bytes":       func() { Floats(make([]byte, 7)) },
		"floats misaligned":       func() { Floats(copyAtOffset(1, make([]byte, 5))) },

		"failure: code of 31 bits":      func() { AppendFailure(nil, 1<<30, 0) },
		"failure: code of 32 bits":      func() { AppendFailure(nil, 1<<31|ModelError, 0) },
		"notice: type of 31 bits":       func() { AppendNotice(nil, 1<<30, nil) },
		"notice: type of 32 bits":       func() { AppendNotice(nil, 1<<31|GoingAway, nil) },
		"notice: 3 bytes":               func() { AppendNotice(nil, 3, make([]byte, 3)) },
		"notice: 65,536 bytes":          func() { AppendNotice(nil, 3, make([]byte, 65_536)) },
		"going away with a payload":     func() { AppendNotice(nil, GoingAway, make([]byte, 4)) },
		"another model: no payload":     func() { AppendNotice(nil, AnotherModel, nil) },
		"another model: a long payload": func() { AppendNotice(nil, AnotherModel, make([]byte, IdentityBytes+4)) },
		"hello: name of 256 bytes":      func() { AppendHello(nil, Hello{Model: strings.Repeat("n", 256)}) },
		"welcome: name of 256 bytes":    func() { AppendWelcome(nil, Welcome{Model: strings.Repeat("n", 256)}) },
		"welcome: a long sentence":      func() { AppendWelcome(nil, Welcome{Sentence: strings.Repeat("s", MaxSentenceBytes+1)}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "wire: ") {
					t.Errorf("panicked with %q, want a wire: sentence", s)
				}
			}()
			misuse()
		})
	}
}

// specialBits are floats that arithmetic, a conversion or a careless move could change:
// signalling and quiet NaNs with payloads, infinities, denormals and -0.
var specialBits = []uint32{0x7f800001, 0xffbfffff, 0x7fc12345, 0xffffffff, 0x7f800000, 0xff800000, 1, 0x807fffff, 0x80000000}

func TestBitsPassUntouched(t *testing.T) {
	src := make([]byte, 1, 64) // the payload begins at an odd address
	for _, bits := range specialBits {
		src = append(src, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	}
	src = src[1:]
	fast, portable := make([]float32, len(specialBits)), make([]float32, len(specialBits))
	CopyRows(fast, src)
	decodeFloats(portable, src)
	for i, bits := range specialBits {
		if math.Float32bits(fast[i]) != bits || math.Float32bits(portable[i]) != bits {
			t.Errorf("%#x decoded as %#x, portably as %#x", bits, math.Float32bits(fast[i]), math.Float32bits(portable[i]))
		}
	}
	if got := appendFloats(nil, fast); !bytes.Equal(got, src) {
		t.Errorf("encoded % x, want % x", got, src)
	}
	if got := encodeFloats(nil, fast); !bytes.Equal(got, src) {
		t.Errorf("portably encoded % x, want % x", got, src)
	}
}

// copyAtOffset returns a copy of b that begins offset bytes after a multiple of four.
func copyAtOffset(offset int, b []byte) []byte {
	memory := bytesOf(make([]float32, len(b)/floatBytes+3))
	return append(memory[offset:offset:len(memory)], b...)
}

// littleEndianHost is true if this machine is little-endian according to package binary.
var littleEndianHost = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

func TestFloatsAreTheMemory(t *testing.T) {
	for offset := range floatBytes {
		b := copyAtOffset(offset, goldenRequest[HeaderBytes:])
		floats, ok := Floats(b)
		if want := littleEndianHost && offset == 0; ok != want || !ok && floats != nil {
			t.Fatalf("at offset %d: %v, %v, want %v", offset, floats, ok, want)
		}
		if !ok {
			continue
		}
		if wantBits(t, floats, goldenRows); len(floats) != len(goldenRows) || cap(floats) != len(floats) {
			t.Errorf("%d floats with room for %d, want %d and for no more", len(floats), cap(floats), len(goldenRows))
		}
		copy(b[floatBytes:], goldenResponse[HeaderBytes:])
		wantBits(t, floats[1:], goldenScores)
		floats[0] = math.Pi
		if want := []byte{0xdb, 0x0f, 0x49, 0x40}; !bytes.Equal(b[:floatBytes], want) {
			t.Errorf("pi was written as % x, want % x", b[:floatBytes], want)
		}
	}
}

func TestFloatsOfNothing(t *testing.T) {
	for name, b := range map[string][]byte{"nil": nil, "empty": copyAtOffset(0, nil)} {
		if floats, ok := Floats(b); ok != littleEndianHost || len(floats) != 0 {
			t.Errorf("%s: %v, %v", name, floats, ok)
		}
	}
}

func TestAppendKeepsWhatWasThere(t *testing.T) {
	dst := make([]byte, 0, 64)
	dst = AppendResponse(append(dst, "head"...), 2, goldenScores)
	dst = AppendRequest(dst, 2, goldenRows)
	want := append(append([]byte("head"), goldenResponse...), goldenRequest...)
	if !bytes.Equal(dst, want) {
		t.Errorf("got % x, want % x", dst, want)
	}
}

func TestNothingAllocates(t *testing.T) {
	rows, scores, dst := make([]float32, 4), make([]float32, 2), make([]byte, 0, 128)
	aligned := copyAtOffset(0, goldenRequest)
	hello := AppendHello(nil, Hello{Dim: 2})
	var frame Frame
	var reply Reply
	var preamble Preamble
	var identity Identity
	var isHello bool
	allocs := testing.AllocsPerRun(100, func() {
		frame = tiny.ParseRequest(goldenRequest)
		CopyRows(rows, goldenRequest[HeaderBytes:frame.Bytes])
		dst = AppendRequest(dst[:0], 2, rows)
		dst = AppendResponse(dst, 2, scores)
		frame = tiny.ParseResponse(goldenResponse)
		CopyScores(scores, goldenResponse[HeaderBytes:frame.Bytes])
		if floats, ok := Floats(aligned); ok {
			rows[0] = floats[0]
		}
		preamble, _, _ = ParsePreamble(hello)
		isHello = IsHello(hello)
		_, _ = ParseHello(hello[PreambleBytes:], preamble.Size)
		dst = AppendHello(dst[:0], Hello{Dim: 2, Model: "fraud"})
		helloSize := len(dst)
		dst = AppendFailure(dst, ModelError, 1)
		dst = AppendGoingAway(dst)
		dst = AppendNotice(dst, AnotherModel, identity[:])
		for rest := dst[helloSize:]; len(rest) > 0; rest = rest[reply.Bytes:] {
			reply = tiny.ParseReply(rest)
		}
		reply = tiny.ParseReply(goldenResponse)
	})
	if allocs != 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
	if !isHello || reply.Status != Complete {
		t.Errorf("a hello: %v, the last reply: %+v", isHello, reply)
	}
}

func wantBits(t *testing.T, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Errorf("element %d is %v, want %v", i, got[i], want[i])
		}
	}
}
