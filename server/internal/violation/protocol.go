package violation

import (
	"bytes"
	"regexp"
	"strconv"

	"github.com/disrust/disrust/wire"
)

// excerptBytes is how many bytes of a text a sentence quotes: enough to recognise the text, and
// too few for a secret.
const excerptBytes = 8

// protocols are known by the first bytes of a connection.
var protocols = [...]struct {
	name   string
	quoted bool // the sentence quotes the beginning
	begins []string
}{
	{"HTTP", true, []string{"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH "}},
	{"gRPC or HTTP/2 (PRI * HTTP/2.0)", false, []string{"PRI * HTTP/2.0\r\n"}},
	{"SSH", true, []string{"SSH-"}},
	{"a PROXY protocol header (version 1), which is not expected here: a balancer sends it", false, []string{"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"}},
	{"a PROXY protocol header (version 2), which is not expected here: a balancer sends it", false, []string{"\r\n\r\n\x00\r\nQUIT\n"}},
	{"Redis", true, []string{"PING\r\n"}},
}

// A request of Redis is an array, which begins with its length.
var redisArray = regexp.MustCompile(`^\*[1-9][0-9]{0,6}\r\n`)

// protocol looks at the first bytes of a connection only: they decide what a client speaks.
func (s Seen) protocol() string {
	if s.Offset > 0 {
		return ""
	}
	b := s.bytes()
	for _, p := range protocols {
		for _, begin := range p.begins {
			if !bytes.HasPrefix(b, []byte(begin)) {
				continue
			}
			if p.quoted {
				return p.name + excerpt(b)
			}
			return p.name
		}
	}
	switch {
	case redisArray.Match(b):
		return "Redis" + excerpt(b)
	case isTLS(b):
		return "TLS"
	}
	return ""
}

// isTLS reports whether b begins with a TLS handshake record. If b is long enough to show it, the
// record must hold a ClientHello (RFC 8446, sections 4 and 5.1).
func isTLS(b []byte) bool {
	return b[0] == 0x16 && b[1] == 3 && b[2] <= 4 && (len(b) < 6 || b[5] == 1)
}

// hello looks for the hello with which version 2 of the protocol begins. At the beginning of a
// connection it is no violation.
func (s Seen) hello() string {
	if s.Count != wire.Magic {
		return ""
	}
	return "a hello, which may only begin a connection"
}

const leastText = 8 // fewer printable bytes are too often something else

var jsonBegins = regexp.MustCompile(`^\s*(\{\s*["}]|\[\s*["{\[\]0-9tfn-])`)

func (s Seen) text() string {
	b := s.bytes()
	isText, isASCII := true, true
	for _, c := range b {
		isText = isText && (c >= ' ' && c != 0x7f || c == '\t' || c == '\r' || c == '\n')
		isASCII = isASCII && c < 0x80
	}
	switch {
	case !isText:
		return ""
	case s.Offset == 0 && jsonBegins.Match(b):
		return "JSON" + excerpt(b)
	case isASCII && len(b) >= leastText:
		return "text" + excerpt(b)
	}
	return ""
}

// excerpt quotes the beginning of b. It escapes everything but printable ASCII.
func excerpt(b []byte) string {
	return " (" + strconv.QuoteToASCII(string(b[:min(len(b), excerptBytes)])) + ")"
}
