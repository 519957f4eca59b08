package proxyheader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

const (
	// KnownBytes is how many bytes of a header Parse looks at, at most.
	KnownBytes = longestLine

	longestLine = 107 // bytes of version 1, with CR LF
	fixedBytes  = 16  // of version 2, before the addresses
)

// Header is what Parse has learned of a header.
type Header struct {
	Size int        // bytes of the whole header; what follows it is the connection's own stream
	Peer netip.Addr // the client, an IPv4 address in its IPv4 form; the zero Addr: the connection keeps its own address
}

var (
	signature1 = []byte("PROXY ")
	signature2 = []byte("\r\n\r\n\x00\r\nQUIT\n")
)

// Parse returns the header that b begins with. It reports false if b is too short to tell. With
// KnownBytes it can always tell; the header may be longer than that, and longer than b. The error
// says for a person what is there instead of a header. It quotes a few bytes, all printable.
//
// Cost: version 2 allocates nothing. Version 1 allocates the texts of the addresses.
func Parse(b []byte) (Header, bool, error) {
	switch {
	case begins(b, signature1):
		return parseLine(b)
	case begins(b, signature2):
		return parseBinary(b)
	}
	return Header{}, false, fmt.Errorf("no PROXY header, but %s", excerpt(b))
}

// begins reports whether b begins with the signature, or the signature with b.
func begins(b, signature []byte) bool {
	n := min(len(b), len(signature))
	return bytes.Equal(b[:n], signature[:n])
}

// excerpt quotes the beginning of b: enough to recognise it, and too little for a secret.
func excerpt(b []byte) string { return strconv.QuoteToASCII(string(b[:min(len(b), 8)])) }

var (
	errLine      = fmt.Errorf("a PROXY header (version 1) that is no line of at most %d bytes", longestLine)
	errTransport = errors.New("a PROXY header (version 1) of something else than TCP4, TCP6 or UNKNOWN")
	errFields    = errors.New("a PROXY header (version 1) without two addresses and two ports")
	errAddress   = errors.New("a PROXY header (version 1) with something else than an address of its family")
	errPort      = errors.New("a PROXY header (version 1) with something else than a port")
)

// parseLine is Parse for version 1.
func parseLine(b []byte) (Header, bool, error) {
	b = b[:min(len(b), longestLine)]
	end := bytes.IndexByte(b, '\n')
	switch {
	case end < 0 && len(b) < longestLine:
		return Header{}, false, nil
	case end < 0 || b[end-1] != '\r': // the signature has no line feed, so end is at least 6
		return Header{}, false, errLine
	}
	var peer netip.Addr
	transport, rest, _ := bytes.Cut(b[len(signature1):end-1], space)
	var err error
	switch string(transport) {
	case "UNKNOWN": // the rest is to be ignored
	case "TCP4":
		peer, err = parseFields(rest, netip.Addr.Is4)
	case "TCP6":
		peer, err = parseFields(rest, netip.Addr.Is6)
	default:
		err = errTransport
	}
	if err != nil {
		return Header{}, false, err
	}
	return Header{Size: end + 1, Peer: peer}, true, nil
}

var space = []byte{' '}

// parseFields returns the first of the two addresses in b. Two ports follow them.
func parseFields(b []byte, family func(netip.Addr) bool) (netip.Addr, error) {
	if bytes.Count(b, space) != 3 {
		return netip.Addr{}, errFields
	}
	var addrs [2]netip.Addr
	for i := range addrs {
		field, rest, _ := bytes.Cut(b, space)
		addr, err := netip.ParseAddr(string(field))
		if err != nil || !family(addr) || addr.Zone() != "" {
			return netip.Addr{}, errAddress
		}
		addrs[i], b = addr.Unmap(), rest
	}
	for port := range bytes.SplitSeq(b, space) {
		if _, err := strconv.ParseUint(string(port), 10, 16); err != nil || len(port) > 1 && port[0] == '0' {
			return netip.Addr{}, errPort
		}
	}
	return addrs[0], nil
}

// What version 2 has at offset 12, version and command, and at offset 13, family and transport.
const (
	local = 0x20 // a connection of the balancer's own
	proxy = 0x21

	unspecified              = 0x00
	tcpIPv4, udpIPv4         = 0x11, 0x12
	tcpIPv6, udpIPv6         = 0x21, 0x22
	unixStream, unixDatagram = 0x31, 0x32
	sizeIPv4, sizeIPv6       = 2 * (4 + 2), 2 * (16 + 2) // of two addresses and two ports
	sizeUnix                 = 2 * 108
)

// parseBinary is Parse for version 2.
func parseBinary(b []byte) (Header, bool, error) {
	if len(b) > 12 && b[12] != local && b[12] != proxy {
		return Header{}, false, fmt.Errorf("a PROXY header with the version and command %#02x: 0x20 and 0x21 are allowed", b[12])
	}
	if len(b) < fixedBytes {
		return Header{}, false, nil
	}
	size := int(binary.BigEndian.Uint16(b[14:]))
	h, addrs, least := Header{Size: fixedBytes + size}, b[fixedBytes:], 0
	if b[12] == local {
		return h, true, nil // what follows must be skipped, whatever it is
	}
	switch b[13] {
	case unspecified:
	case tcpIPv4, udpIPv4:
		least = sizeIPv4
	case tcpIPv6, udpIPv6:
		least = sizeIPv6
	case unixStream, unixDatagram:
		least = sizeUnix
	default:
		return Header{}, false, fmt.Errorf("a PROXY header (version 2) of the family and transport %#02x, which are not defined", b[13])
	}
	switch {
	case size < least:
		return Header{}, false, fmt.Errorf("a PROXY header (version 2) whose addresses have %d bytes, of %d", size, least)
	case b[13] == tcpIPv4 && len(addrs) >= 4:
		h.Peer = netip.AddrFrom4([4]byte(addrs))
	case b[13] == tcpIPv6 && len(addrs) >= 16:
		h.Peer = netip.AddrFrom16([16]byte(addrs)).Unmap()
	case b[13] == tcpIPv4 || b[13] == tcpIPv6:
		return Header{}, false, nil
	}
	return h, true, nil
}
