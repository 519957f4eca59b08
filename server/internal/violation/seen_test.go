package violation

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/disrust/disrust/wire"
)

// at returns what a server sees of a stream whose bytes from offset on are b.
func at(format wire.Format, offset int, b string) Seen {
	return Seen{Format: format, Offset: uint64(offset), Count: binary.LittleEndian.Uint32([]byte(b)), After: []byte(b[4:])}
}

// packed returns numbers in little-endian order: an int as a count, a float32 or a float64.
func packed(numbers ...any) string { return packedIn(binary.LittleEndian, numbers...) }

func packedIn(order binary.AppendByteOrder, numbers ...any) string {
	var b []byte
	for _, n := range numbers {
		switch n := n.(type) {
		case int:
			b = order.AppendUint32(b, uint32(n))
		case float32:
			b = order.AppendUint32(b, math.Float32bits(n))
		case float64:
			b = order.AppendUint64(b, math.Float64bits(n))
		}
	}
	return string(b)
}

type f = float32

// TestGuess: each thing that a peer may send is named, and what is nearly such a thing is not.
func TestGuess(t *testing.T) {
	nan, inf := f(math.NaN()), f(math.Inf(1))
	big := binary.BigEndian
	for _, c := range []struct{ sent, guess string }{
		{"GET / HTTP/1.1\r\nHost: a", `HTTP ("GET / HT")`},
		{"GET ", `HTTP ("GET ")`},
		{"OPTIONS * HTTP/1.1\r\n", `HTTP ("OPTIONS ")`},
		{"GET\x00/\x00\x00\x00", ""},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "gRPC or HTTP/2 (PRI * HTTP/2.0)"},
		{"PRI * HTTP/3.0\r\n\r\nSM", `text ("PRI * HT")`},
		{"SSH-2.0-OpenSSH_9.6\r\n", `SSH ("SSH-2.0-")`},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", "a PROXY protocol header (version 1), which is not expected here: a balancer sends it"},
		{"PROXY UNKNOWN\r\n", "a PROXY protocol header (version 1), which is not expected here: a balancer sends it"},
		{"PROXY \x01", ""},
		{"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c", "a PROXY protocol header (version 2), which is not expected here: a balancer sends it"},
		{"\r\n\r\n", ""},
		{"*1\r\n$4\r\nPING\r\n", `Redis ("*1\r\n$4\r\n")`},
		{"PING\r\n", `Redis ("PING\r\n")`},
		{"*0\r\n", ""},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"},
		{"\x16\x03\x01\x02", "TLS"},
		{"\x16\x03\x01\x02\x00\x02\x00\x01\xfc\x03\x03", ""}, // the handshake of a server
		{"\x16\x03\x05\x02\x00\x01", ""},
		{`{"rows":[[1,2]]}`, `JSON ("{\"rows\":")`},
		{"[[0.5, 1.5]]", `JSON ("[[0.5, 1")`},
		{"{\"a\":\"\xc3\xa9\"}", `JSON ("{\"a\":\"\u00e9")`},
		{"{a}\n", ""},
		{"{\"a\x1b[2J\": 1", ""},
		{"1.5,2.5,3.5\n", `text ("1.5,2.5,")`},
		{"1.5,2.5", ""}, // too short
		{"1.5,2.5,\x1b[2J", ""},
		{packed(65, f(1), f(2)), "a request of more vectors than allowed"},
		{packed(65535), "a request of more vectors than allowed"},
		{packed(65536), ""},
		{packed(0), ""},
		{packed(-1), ""},
		{packedIn(big, 1), "big-endian: with its bytes reversed the count is 1"},
		{packedIn(big, 64, f(1.5), f(0), nan), "big-endian: with its bytes reversed the count is 64"},
		{packedIn(big, 65), ""},
		{packedIn(big, 8, 0x04d2162f), ""}, // PostgreSQL
		{packed(f(2)), ""},                 // or a big-endian 64
		{packed(f(2), f(0.1), f(0.7)), "float32 without a count"},
		{packed(f(0), nan, -inf, f(1e-6), f(-1e9)), "float32 without a count"},
		{packed(f(0.1)), ""},
		{packed(f(0.1), f(0), nan), ""},
		{packed(f(0.1), f(0.2), f(1e20)), ""},
		{packed(f(0.1), f(0.2), 7), ""},
		{packed(0.1, 0.7, -1e-3, 1e3), "float64: features are float32"},
		{packed(0.1, 0.7), ""},
		{packed(0.1, 0.7, 1e300, 0.3), ""},
	} {
		checkGuess(t, at(wire.Default, 0, c.sent), c.guess)
	}
}

func checkGuess(t *testing.T, s Seen, guess string) {
	t.Helper()
	got := s.String()
	said, looks, _ := strings.Cut(got, "; looks like ")
	if looks != guess || !strings.HasPrefix(said, "count ") || !strings.HasSuffix(said, " is allowed") {
		t.Errorf("%q at %d: %s\nwant the guess %q", s.bytes(), s.Offset, got, guess)
	}
}

// TestSentence shows two whole sentences.
func TestSentence(t *testing.T) {
	for sent, want := range map[string]string{
		"GET / HTTP/1.1\r\n": `count 542393671: 1 to 64 is allowed; looks like HTTP ("GET / HT")`,
		"\xff\xff\xff\xff":   `count 4294967295: 1 to 64 is allowed`,
	} {
		if got := at(wire.Default, 0, sent).String(); got != want {
			t.Errorf("%q: %s\nwant %s", sent, got, want)
		}
	}
}

// TestGuessLater: after requests, what begins a connection is no longer looked for.
func TestGuessLater(t *testing.T) {
	const one = 4 + 4*128
	for _, c := range []struct {
		offset      int
		sent, guess string
	}{
		{one, "GET ", ""},
		{one, "GET / HTTP/1.1\r\n", `text ("GET / HT")`},
		{one, "\x16\x03\x01\x02", ""},
		{one, "DIS2\x02\x00\x14\x00", "a hello, which may only begin a connection"},
		{one, packed(65), "a request of more vectors than allowed"},
		{one, packed(f(0.5)), "features of another dim than 128"},                    // not a big-endian 63
		{one, packed(f(0.5), f(0.5), 5, f(0.5)), "features of another dim than 128"}, // the counts differ
		{one, packed(f(0)), ""},
		{one, packed(f(0.5), 1000), ""},
		{2 * one, packed(f(0.5), f(0.7)), "float32 where a count should be"},
		{2 * one, packed(f(0.5)), ""},
		{one + 4, packed(f(0.5)), ""},
		{one, packed(0.1, 0.7, -1e-3, 1e3), "float64: features are float32"},
		{4 + 4*128*64, packed(0.1, 0.7, -1e-3, 1e3), "float64: features are float32"},
		{2 * one, packed(0.1, 0.7, -1e-3, 1e3), ""},
	} {
		checkGuess(t, at(wire.Default, c.offset, c.sent), c.guess)
	}
	odd := wire.Format{Dim: 3, MaxVectors: 64}
	checkGuess(t, at(odd, 4+4*3*4, packed(f(0.5), f(0.7))), "features of another dim than 3")
	checkGuess(t, at(odd, 4*(4+4*3), packed(f(0.5), f(0.7))), "float32 where a count should be") // also 4 + 5*12
	checkGuess(t, at(odd, 4+4*3, packed(0.7, 0.1, 0.7, 0.3)[4:]), "float64: features are float32")
}

// TestGuessDim: a client of another dim sends requests of the same size.
func TestGuessDim(t *testing.T) {
	for _, c := range []struct {
		dim, client, vectors int
		guess                string
	}{
		{128, 130, 1, ", perhaps 130"},
		{128, 132, 1, ", perhaps 18 or 132"},
		{128, 130, 4, ", perhaps 130"},
		{128, 142, 1, ", perhaps 142"}, // a 10 or a 12 would have shown a count earlier
		{128, 129, 1, ""},              // or 64, or 25
		{128, 256, 1, ""},              // the next count is not among the bytes seen
		{128, 64, 1, ""},               // or 129, or 25
		{4, 3, 1, ", perhaps 3"},       // two counts are seen
		{3, 4, 2, ", perhaps 4"},
		{128, 5, 2, ", perhaps 5 or 16"},
	} {
		stream := clientStream(c.client, c.vectors, func(int) f { return 0.5 })
		format := wire.Format{Dim: c.dim, MaxVectors: 64}
		s, ok := firstViolation(format, stream)
		if !ok {
			t.Fatalf("%+v: no violation", c)
		}
		want := "; looks like features of another dim than "
		if got := s.String(); !strings.Contains(got, want) || !strings.HasSuffix(got, c.guess) || c.guess == "" && strings.Contains(got, "perhaps") {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// clientStream returns requests of one size, enough of them for a server of dim 128.
func clientStream(dim, vectors int, feature func(i int) float32) []byte {
	var stream []byte
	rows := make([]float32, dim*vectors)
	for len(stream) < 8*(4+4*130*vectors) {
		for i := range rows {
			rows[i] = feature(i)
		}
		stream = wire.AppendRequest(stream, vectors, rows)
	}
	return stream
}

// firstViolation returns what a server sees of the first violation of a stream.
func firstViolation(format wire.Format, stream []byte) (Seen, bool) {
	for at := 0; ; {
		frame := format.ParseRequest(stream[at:])
		switch frame.Status {
		case wire.Incomplete:
			return Seen{}, false
		case wire.Invalid:
			return Seen{format, uint64(at), binary.LittleEndian.Uint32(stream[at:]), stream[at+4:]}, true
		}
		at += frame.Bytes
	}
}
