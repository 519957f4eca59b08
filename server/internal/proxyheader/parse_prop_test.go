package proxyheader

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// drawAddr draws an address of a family.
func drawAddr(t *rapid.T, ipv4 bool) netip.Addr {
	if ipv4 {
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "IPv4")))
	}
	addr := [16]byte(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 1, 0xff}), 16, 16).Draw(t, "IPv6"))
	return netip.AddrFrom16(addr)
}

// drawHeader draws a header and says what it means.
func drawHeader(t *rapid.T) ([]byte, Header) {
	ipv4 := rapid.Bool().Draw(t, "IPv4")
	from, to := drawAddr(t, ipv4), drawAddr(t, ipv4)
	port := rapid.Uint16()
	h := Header{Peer: from.Unmap()}
	var b []byte
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		family := map[bool]string{true: "TCP4", false: "TCP6"}[ipv4]
		b = fmt.Appendf(nil, "PROXY %s %s %s %d %d\r\n", family, from, to, port.Draw(t, "port"), port.Draw(t, "port"))
	case 1:
		h.Peer = netip.Addr{}
		b = fmt.Appendf(nil, "PROXY UNKNOWN%s\r\n", rapid.StringMatching(`( [^\n]{0,80})?`).Filter(func(s string) bool { return len(s) <= 92 }).Draw(t, "more"))
	case 2:
		b = append([]byte(signature), proxy, map[bool]byte{true: tcpIPv4, false: tcpIPv6}[ipv4])
		block := append(append(from.AsSlice(), to.AsSlice()...), rapid.SliceOfN(rapid.Byte(), 4, 300).Draw(t, "ports and TLVs")...)
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(block))), block...)
	case 3:
		h.Peer = netip.Addr{}
		b = append([]byte(signature), local, rapid.Byte().Draw(t, "family"))
		block := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "block")
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(block))), block...)
	}
	h.Size = len(b)
	return b, h
}

// TestPropHeader: a header means the same wherever the stream is cut, and whatever follows it.
func TestPropHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, want := drawHeader(t)
		stream := append(b, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "rest")...)
		got, ok, err := Parse(stream)
		if got != want || !ok || err != nil {
			t.Fatalf("%q: %+v, %v, %v; want %+v", stream, got, ok, err, want)
		}
		checkCuts(t, stream)
	})
}

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Fatalf(format string, args ...any)
}

// checkCuts: Parse says for a beginning of the stream what it says for the whole stream, or that
// bytes are missing. It can always tell with KnownBytes, and its errors are short lines.
func checkCuts(t fataler, stream []byte) {
	last, told, lastErr := Header{}, false, error(nil)
	for n := range len(stream) + 1 {
		b := stream[:n]
		h, ok, err := Parse(b)
		switch {
		case ok && err != nil, !ok && h != Header{}:
			t.Fatalf("%q: %+v, %v, %v", b, h, ok, err)
		case told && (!ok || h != last):
			t.Fatalf("%q: %+v, %v, %v after %+v", b, h, ok, err, last)
		case lastErr != nil && err == nil:
			t.Fatalf("%q: no error after %v", b, lastErr)
		case n >= KnownBytes && !ok && err == nil:
			t.Fatalf("%q: %d bytes are not enough", b, n)
		case err != nil && (len(err.Error()) > 100 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) })):
			t.Fatalf("%q: the error is %q", b, err)
		}
		last, told, lastErr = h, ok, err
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		binary4, "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n\x01", "PROXY TCP6 ::1 ::2 0 65535\r\n", "PROXY UNKNOWN\r\n",
		signature + "\x20\x00\x00\x00", signature + "\x21\x31\x00\xd8", signature + "\x21\x21\x00\x24" + strings.Repeat("\x01", 36), "GET /",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		checkCuts(t, stream[:min(len(stream), 2*KnownBytes)])
	})
}
