package proxyheader

import (
	"net/netip"
	"strings"
	"testing"
)

const signature = "\r\n\r\n\x00\r\nQUIT\n"

// binary4 is a header of version 2 that names the client 10.0.0.1.
const binary4 = signature + "\x21\x11\x00\x0c" + "\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x01\x00\x02"

// TestParse: each kind of header, as the specification has it. Of a header that is whole, size
// bytes are read, and what follows is not touched.
func TestParse(t *testing.T) {
	longest := "PROXY UNKNOWN " + strings.Repeat("f", 91) + "\r\n"
	ones := strings.Repeat("\x01", 16)
	for _, c := range []struct {
		header, peer string
		size         int // 0: all of the header
	}{
		{header: "PROXY TCP4 10.0.0.1 10.0.0.2 1 65535\r\n", peer: "10.0.0.1"},
		{header: "PROXY TCP4 255.255.255.255 0.0.0.0 0 0\r\n", peer: "255.255.255.255"},
		{header: "PROXY TCP6 fd00::1 2001:DB8::2 56324 443\r\n", peer: "fd00::1"},
		{header: "PROXY TCP6 ::ffff:10.0.0.1 ::1 1 2\r\n", peer: "10.0.0.1"},
		{header: "PROXY UNKNOWN\r\n"},
		{header: "PROXY UNKNOWN \x00 anything\r at all\r\n"},
		{header: longest},
		{header: binary4, peer: "10.0.0.1"},
		{header: signature + "\x21\x11\x00\x0f" + binary4[16:] + "\x04\x00\x00", peer: "10.0.0.1"}, // with a TLV
		{header: signature + "\x21\x11\xff\xff" + binary4[16:], peer: "10.0.0.1", size: 16 + 65535},
		{header: signature + "\x21\x21\x00\x24" + ones + ones + "\x00\x01\x00\x02", peer: "101:101:101:101:101:101:101:101"},
		{header: signature + "\x21\x21\x00\x24" + strings.Repeat("\x00", 10) + "\xff\xff\x0a\x00\x00\x01" + ones + "\x00\x01\x00\x02", peer: "10.0.0.1"},
		{header: signature + "\x20\x00\x00\x00"},
		{header: signature + "\x20\xff\x00\x02ab"},                                // LOCAL: the rest is skipped
		{header: signature + "\x20\x11\x00\x0c" + binary4[16:]},                   // and so are addresses
		{header: signature + "\x21\x00\x00\x03abc"},                               // unspecified
		{header: signature + "\x21\x12\x00\x0c" + binary4[16:]},                   // datagrams
		{header: signature + "\x21\x31\x00\xd8" + strings.Repeat("/", 216)},       // Unix sockets
		{header: signature + "\x21\x32\x00\xd9" + strings.Repeat("\x00", 216+1)},  // and a TLV
		{header: signature + "\x21\x22\x01\x24" + strings.Repeat("\x00", 36+256)}, // and a long one
	} {
		want := Header{Size: c.size}
		if c.size == 0 {
			want.Size = len(c.header)
		}
		if c.peer != "" {
			want.Peer = netip.MustParseAddr(c.peer)
		}
		for _, rest := range []string{"", "\x01\x00\x00\x00", "PROXY", c.header} {
			if got, ok, err := Parse([]byte(c.header + rest)); got != want || !ok || err != nil {
				t.Errorf("%q: %+v, %v, %v; want %+v", c.header+rest, got, ok, err, want)
			}
		}
	}
}

// TestNoHeader: what is no header is refused as soon as a byte shows it, and the error says what
// it is.
func TestNoHeader(t *testing.T) {
	for _, c := range []struct{ sent, says string }{
		{"\x01", `no PROXY header, but "\x01"`},
		{"GET / HTTP/1.1\r\n", `no PROXY header, but "GET / HT"`},
		{"DIS2\x02\x00", `no PROXY header, but "DIS2\x02\x00"`},
		{"PROXY\t", `no PROXY header, but "PROXY\t"`},
		{"PROXYX", `no PROXY header, but "PROXYX"`},
		{"proxy ", `no PROXY header, but "proxy "`},
		{" PROXY ", `no PROXY header, but " PROXY "`},
		{"\r\n\r\n\x00\r\nQUIT\r", `no PROXY header, but "\r\n\r\n\x00\r\nQ"`},
		{"PROXY " + strings.Repeat("x", 101), "a PROXY header (version 1) that is no line of at most 107 bytes"},
		{"PROXY UNKNOWN\n", "no line"},
		{"PROXY \n", "no line"},
		{"PROXY \r\n", "something else than TCP4, TCP6 or UNKNOWN"},
		{"PROXY TCP5 10.0.0.1 10.0.0.2 1 2\r\n", "something else than TCP4"},
		{"PROXY  TCP4 10.0.0.1 10.0.0.2 1 2\r\n", "something else than TCP4"},
		{"PROXY UNKNOWNX\r\n", "something else than TCP4"},
		{"PROXY TCP4\r\n", "without two addresses and two ports"},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n", "without two addresses and two ports"},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n", "without two addresses and two ports"},
		{"PROXY TCP4 10.0.0.1  10.0.0.2 1\r\n", "else than an address of its family"},
		{"PROXY TCP4 10.0.0.256 10.0.0.2 1 2\r\n", "else than an address of its family"},
		{"PROXY TCP4 10.0.0.01 10.0.0.2 1 2\r\n", "else than an address of its family"},
		{"PROXY TCP4 ::1 ::2 1 2\r\n", "else than an address of its family"},
		{"PROXY TCP6 10.0.0.1 10.0.0.2 1 2\r\n", "else than an address of its family"},
		{"PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n", "else than an address of its family"},
		{"PROXY TCP6 ::1 10.0.0.2 1 2\r\n", "else than an address of its family"},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 1 65536\r\n", "else than a port"},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 01 2\r\n", "else than a port"},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 +1 2\r\n", "else than a port"},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 1 \r\n", "else than a port"},
		{"PROXY TCP4 10.0.0.1 10.0.0.2 1 2 \r\n", "without two addresses and two ports"},
		{signature + "\x11", "the version and command 0x11: 0x20 and 0x21 are allowed"},
		{signature + "\x22", "the version and command 0x22"},
		{signature + "\x21\x13\x00\x0c", "the family and transport 0x13, which are not defined"},
		{signature + "\x21\x41\x00\x0c", "the family and transport 0x41"},
		{signature + "\x21\x01\x00\x0c", "the family and transport 0x01"},
		{signature + "\x21\x11\x00\x0b", "whose addresses have 11 bytes, of 12"},
		{signature + "\x21\x21\x00\x23", "whose addresses have 35 bytes, of 36"},
		{signature + "\x21\x31\x00\xd7", "whose addresses have 215 bytes, of 216"},
	} {
		h, ok, err := Parse([]byte(c.sent))
		if err == nil || ok || h != (Header{}) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %+v, %v, %v; want an error that says %q", c.sent, h, ok, err, c.says)
		}
	}
	for _, sent := range []string{"", "P", "PROXY", "PROXY ", "PROXY UNKNOWN\r", "\r", signature, signature + "\x21\x11\x00", binary4[:16+3]} {
		if h, ok, err := Parse([]byte(sent)); ok || err != nil {
			t.Errorf("%q: %+v, %v, %v; want more bytes", sent, h, ok, err)
		}
	}
}

// TestNoGarbage: a header of version 2 leaves no garbage behind.
func TestNoGarbage(t *testing.T) {
	header := []byte(binary4)
	if n := testing.AllocsPerRun(100, func() { Parse(header) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
