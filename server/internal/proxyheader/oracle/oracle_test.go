package oracle

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/internal/proxyheader"
	"github.com/pires/go-proxyproto"
	"pgregory.net/rapid"
)

func init() { proxyproto.MaxV2HeaderSize = math.MaxUint16 } // by default it refuses headers above 4 KiB

const signature = "\r\n\r\n\x00\r\nQUIT\n"

// read returns what go-proxyproto reads from the beginning of b.
func read(b []byte) (proxyheader.Header, bool) {
	source := bytes.NewReader(b)
	reader := bufio.NewReaderSize(source, len(b)+16)
	h, err := proxyproto.Read(reader)
	if err != nil {
		return proxyheader.Header{}, false
	}
	own := proxyheader.Header{Size: len(b) - source.Len() - reader.Buffered()}
	if from, ok := h.SourceAddr.(*net.TCPAddr); ok && h.Command.IsProxy() {
		addr, _ := netip.AddrFromSlice(from.IP)
		own.Peer = addr.Unmap()
	}
	return own, true
}

// departs reports whether the specification decides otherwise than go-proxyproto: a LOCAL header
// is valid whatever its family ("discard the protocol block including the family which is
// ignored"), and a receiver may accept an unspecified one ("free to accept the connection anyway
// and use the real endpoint addresses").
func departs(b []byte) bool {
	return len(b) > 13 && strings.HasPrefix(string(b), signature) && (b[12] == 0x20 || b[12] == 0x21 && b[13] == 0)
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// check compares what both say of a stream.
func check(t fataler, b []byte) {
	own, ok, err := proxyheader.Parse(b)
	if ok && own.Size > len(b) {
		ok = false // go-proxyproto reads all of a header
	}
	if !ok {
		own = proxyheader.Header{}
	}
	oracle, accepted := read(b)
	if own != oracle && !(departs(b) && !accepted) {
		t.Fatalf("%q: %+v, %v, and go-proxyproto says %+v, %v", b, own, err, oracle, accepted)
	}
}

// TestFormatted: what go-proxyproto formats means what it was made from.
func TestFormatted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		network := rapid.SampledFrom([]string{"tcp4", "tcp6", "udp4", "udp6", "unix", "none"}).Draw(t, "network")
		from, to := drawAddr(t, network), drawAddr(t, network)
		h := proxyproto.HeaderProxyFromAddrs(rapid.SampledFrom([]byte{1, 2}).Draw(t, "version"), from, to)
		if h.Version == 2 && rapid.Bool().Draw(t, "TLVs") {
			tlv := proxyproto.TLV{Type: proxyproto.PP2_TYPE_AUTHORITY, Value: rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "TLV")}
			if err := h.SetTLVs([]proxyproto.TLV{tlv}); err != nil {
				t.Fatalf("%v", err)
			}
		}
		b, err := h.Format()
		if err != nil {
			t.Fatalf("%v", err)
		}
		want := proxyheader.Header{Size: len(b)}
		if tcp, ok := from.(*net.TCPAddr); ok {
			addr, _ := netip.AddrFromSlice(tcp.IP)
			want.Peer = addr.Unmap()
		}
		b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "rest")...)
		if got, ok, err := proxyheader.Parse(b); got != want || !ok || err != nil {
			t.Fatalf("%q: %+v, %v, %v; want %+v", b, got, ok, err, want)
		}
		check(t, b)
	})
}

func drawAddr(t *rapid.T, network string) net.Addr {
	size := 4
	if strings.HasSuffix(network, "6") {
		size = 16
	}
	ip, port := net.IP(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "IP")), int(rapid.Uint16().Draw(t, "port"))
	switch network[:3] {
	case "tcp":
		return &net.TCPAddr{IP: ip, Port: port}
	case "udp":
		return &net.UDPAddr{IP: ip, Port: port}
	case "uni":
		return &net.UnixAddr{Net: "unix", Name: rapid.StringMatching("/[a-z]{0,120}").Draw(t, "path")}
	}
	return nil
}

// TestSame: both say the same of lines and binary headers that are nearly right.
func TestSame(t *testing.T) {
	word := rapid.SampledFrom([]string{
		"PROXY", "TCP4", "TCP6", "UNKNOWN", "10.0.0.1", "255.255.255.255", "010.0.0.1", "1.2.3", "::1", "fd00::ABCD", "::ffff:1.2.3.4",
		"fe80::1%lo", "0", "1", "65535", "65536", "01", "+1", "-1", "", "\r", "\n", "x",
	})
	line := rapid.Custom(func(t *rapid.T) []byte {
		family := rapid.SampledFrom([]string{"TCP4", "TCP6", "UNKNOWN", "UDP4"}).Draw(t, "family")
		words := append([]string{"PROXY", family}, rapid.SliceOfN(word, 3, 5).Draw(t, "words")...)
		return fmt.Appendf(nil, "%s%s", strings.Join(words, " "), rapid.SampledFrom([]string{"\r\n", "\n", "\r", "\r\r\n", ""}).Draw(t, "end"))
	})
	binary := rapid.Custom(func(t *rapid.T) []byte {
		command := rapid.SampledFrom([]byte{0x20, 0x21, 0x21, 0x21, 0x22, 0x11}).Draw(t, "command")
		family := rapid.SampledFrom([]byte{0, 0x01, 0x10, 0x11, 0x12, 0x13, 0x21, 0x22, 0x31, 0x32, 0x33, 0x41, 0xff}).Draw(t, "family")
		size := rapid.SampledFrom([]int{0, 11, 12, 13, 35, 36, 37, 215, 216, 217, 300}).Draw(t, "size")
		b := append([]byte(signature), command, family, byte(size>>8), byte(size))
		return append(b, rapid.SliceOfN(rapid.Byte(), 0, 320).Draw(t, "block")...)
	})
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.OneOf(line, binary).Draw(t, "stream")) })
}

func FuzzSame(f *testing.F) {
	for _, seed := range []string{
		"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n\x01", "PROXY TCP6 ::1 ::2 0 65535\r\n", "PROXY UNKNOWN anything\r\n", "GET /",
		signature + "\x20\x00\x00\x00", signature + "\x21\x31\x00\xd8" + strings.Repeat("/", 216), signature + "\x21\x11\x00\x0c" + strings.Repeat("\x01", 12),
		signature + "\x21\x21\x00\x24" + strings.Repeat("\x01", 36),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}
