package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

const (
	// Magic is the word that begins a hello and a welcome: "DIS2" on the wire. It is no count
	// that a request may have, so a version 1 server ends the connection.
	Magic = 0x32534944
	// Version is the version that this package speaks beside version 1.
	Version = 2
	// PreambleBytes is the size of what begins a hello or a welcome, before its body.
	PreambleBytes = 8
	// MaxNameBytes is the longest name of a model.
	MaxNameBytes = math.MaxUint8
	// MaxSentenceBytes is the longest sentence of a welcome.
	MaxSentenceBytes = maxBodyBytes - welcomeFixed - MaxNameBytes - sentenceHeader - 3
	// IdentityBytes is the size of a model's identity, a SHA-256.
	IdentityBytes = 32
	// HelloBytes is the size of the part of a hello that this package knows, at most. What
	// follows it belongs to a later version.
	HelloBytes = PreambleBytes + (helloFixed+MaxNameBytes+3)/4*4

	magic          = "DIS2" // the bytes of Magic
	maxBodyBytes   = math.MaxUint16 - math.MaxUint16%4
	helloFixed     = 4*4 + 1                          // dim, outputs, kind, max_vectors, length of the name
	welcomeFixed   = 2*2 + helloFixed + IdentityBytes // and status, flags, identity
	sentenceHeader = 2
)

// Identity says which model it is: the SHA-256 of its file and its options, as wire/README.md
// says. It is zero for a model that has no file.
type Identity [IdentityBytes]byte

// Preamble begins a hello or a welcome.
type Preamble struct {
	Version int
	Size    int // bytes of the body, after the preamble
}

// IsHello reports whether b, the beginning of a connection's stream, begins with a hello or a
// welcome and not with a request or a response. b must have at least HeaderBytes.
func IsHello(b []byte) bool { return binary.LittleEndian.Uint32(b) == Magic }

// ParsePreamble returns the preamble that b begins with. It returns how many more bytes are
// needed if b does not hold it, and an error if b does not begin with [Magic].
func ParsePreamble(b []byte) (p Preamble, missing int, err error) {
	if head := b[:min(len(b), len(magic))]; string(head) != magic[:len(head)] {
		return p, 0, fmt.Errorf("wire: the stream begins with % x and not with a hello or a welcome", head)
	}
	if len(b) < PreambleBytes {
		return p, PreambleBytes - len(b), nil
	}
	return Preamble{int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))}, 0, nil
}

// Hello is what a client expects of the server. The zero value of a field means that anything
// is right.
type Hello struct {
	Dim        uint32
	Outputs    uint32
	Kind       Kind
	MaxVectors uint32 // the most vectors that the client will send in a request
	Model      string // name of the model, at most MaxNameBytes
}

// ErrMalformed means that a body does not hold its fields.
var ErrMalformed = errors.New("wire: the body does not hold its fields")

// AppendHello appends h to dst and returns the extended slice, as append does. It panics if
// the name is too long.
func AppendHello(dst []byte, h Hello) []byte {
	dst = appendPreamble(dst)
	start := len(dst)
	dst = appendWords(dst, h.Dim, h.Outputs, uint32(h.Kind), h.MaxVectors)
	return finishBody(appendName(dst, h.Model), start)
}

// ParseHello returns the hello whose body b begins with. size is that of the whole body. b may
// lack the part of the body that lies beyond HelloBytes, and may go on after the body:
// ParseHello reads neither. The error is [ErrMalformed].
func ParseHello(b []byte, size int) (h Hello, err error) {
	b = b[:min(len(b), size)]
	if size%4 != 0 || len(b) < helloFixed {
		return Hello{}, ErrMalformed
	}
	h = Hello{Dim: word(b, 0), Outputs: word(b, 1), Kind: Kind(word(b, 2)), MaxVectors: word(b, 3)}
	if h.Model, _, err = takeName(b[helloFixed-1:]); err != nil {
		return Hello{}, err
	}
	return h, nil
}

// Verdict is the status of a welcome: whether a server accepts a hello.
type Verdict uint16

const (
	Welcomed       Verdict = iota // requests are served
	WrongVersion                  // the client speaks no version that the server speaks
	WrongDim                      // the model has another dim
	WrongOutputs                  // the model has another number of outputs
	TooManyVectors                // the client wants to send more vectors in a request than are allowed
	WrongModel                    // the server serves a model of another name
	NotNow                        // the server cannot serve the client now; another one, or a later attempt, may
	WrongKind                     // the scores are of another kind
	Malformed                     // the body of the hello does not hold its fields
)

// Welcome is what a server says of itself.
type Welcome struct {
	Verdict  Verdict
	Format   Format // of all requests and responses on this connection
	Kind     Kind
	Identity Identity
	Model    string // name of the model, at most MaxNameBytes
	Sentence string // why not, for a person; at most MaxSentenceBytes
}

// AppendWelcome appends w to dst and returns the extended slice, as append does. w.Format must
// be valid. AppendWelcome panics if the name or the sentence is too long.
func AppendWelcome(dst []byte, w Welcome) []byte {
	if len(w.Sentence) > MaxSentenceBytes {
		panic(fmt.Sprintf("wire: a sentence of %d bytes", len(w.Sentence)))
	}
	dst = appendPreamble(dst)
	start := len(dst)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(w.Verdict))
	dst = binary.LittleEndian.AppendUint16(dst, 0) // flags
	dst = appendWords(dst, uint32(w.Format.Dim), uint32(w.Format.Outputs), uint32(w.Kind), uint32(w.Format.MaxVectors))
	dst = append(dst, w.Identity[:]...)
	dst = appendName(dst, w.Model)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(w.Sentence)))
	return finishBody(append(dst, w.Sentence...), start)
}

// ParseWelcome returns the welcome whose body is b. It skips what a later version added. The
// error is [ErrMalformed], or says what is wrong with the Format of a welcome with the verdict
// Welcomed. Of any other verdict, also one that this package does not know, the Format may be
// invalid. The name and the sentence hold any bytes that the server sent.
func ParseWelcome(b []byte) (Welcome, error) {
	if len(b)%4 != 0 || len(b) < welcomeFixed {
		return Welcome{}, ErrMalformed
	}
	w := Welcome{
		Verdict: Verdict(binary.LittleEndian.Uint16(b)),
		Format:  Format{Dim: int(min(word(b, 1), math.MaxInt32)), Outputs: int(min(word(b, 2), math.MaxInt32)), MaxVectors: int(min(word(b, 4), math.MaxInt32))},
		Kind:    Kind(word(b, 3)),
	}
	const fixed = 5 * 4
	copy(w.Identity[:], b[fixed:])
	var rest []byte
	var err error
	if w.Model, rest, err = takeName(b[fixed+IdentityBytes:]); err != nil {
		return Welcome{}, err
	}
	if len(rest) < sentenceHeader {
		return Welcome{}, ErrMalformed
	}
	size := int(binary.LittleEndian.Uint16(rest))
	if rest = rest[sentenceHeader:]; size > len(rest) {
		return Welcome{}, ErrMalformed
	}
	w.Sentence = string(rest[:size])
	if w.Verdict == Welcomed {
		err = w.Format.Validate()
	}
	return w, err
}

// Judge returns the welcome with which a server answers a hello that begins with p and has
// the body b, as ParseHello takes it. own is the server's welcome to a hello without a fault:
// its verdict is Welcomed, or NotNow with a sentence. If the hello has several faults, the
// answer names one: the version, then a body that does not hold its fields, then the fault of
// the lowest verdict.
func (own Welcome) Judge(p Preamble, b []byte) Welcome {
	refuse := func(v Verdict, sentence string, a ...any) Welcome {
		own.Verdict, own.Sentence = v, cut(fmt.Sprintf(sentence, a...), JudgeSentenceBytes)
		return own
	}
	if p.Version < Version {
		return refuse(WrongVersion, "a hello of version %d: this server speaks version %d, and version 1 without a hello", p.Version, Version)
	}
	h, err := ParseHello(b, p.Size)
	differs := func(asked uint32, have int) bool { return asked != 0 && int64(asked) != int64(have) }
	switch {
	case err != nil:
		return refuse(Malformed, "a hello with a body of %d bytes does not hold its fields", p.Size)
	case differs(h.Dim, own.Format.Dim):
		return refuse(WrongDim, "the client expects dim %d, the model has dim %d", h.Dim, own.Format.Dim)
	case differs(h.Outputs, own.Format.Outputs):
		return refuse(WrongOutputs, "the client expects %d scores per vector, the model gives %d", h.Outputs, own.Format.Outputs)
	case int64(h.MaxVectors) > int64(own.Format.MaxVectors):
		return refuse(TooManyVectors, "the client sends up to %d vectors per request, the server allows %d", h.MaxVectors, own.Format.MaxVectors)
	case h.Model != "" && h.Model != own.Model:
		return refuse(WrongModel, "the client expects the model %q, the server has %q", h.Model, own.Model)
	case own.Verdict != Welcomed:
		return own
	case h.Kind != Unstated && h.Kind != own.Kind:
		return refuse(WrongKind, "the client expects scores of the kind %v, the model gives %v", h.Kind, own.Kind)
	}
	return own
}

// JudgeSentenceBytes is the longest sentence that Judge writes. It cuts longer ones, which
// quote long names.
const JudgeSentenceBytes = 400

// cut returns s without what lies beyond size bytes, and without half a character at its end.
func cut(s string, size int) string {
	if len(s) <= size {
		return s
	}
	for size > 0 && !utf8.RuneStart(s[size]) {
		size--
	}
	return s[:size]
}

// ValidName reports whether a model may have this name: UTF-8 of at most MaxNameBytes.
func ValidName(name string) bool { return len(name) <= MaxNameBytes && utf8.ValidString(name) }

func word(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }

func appendWords(dst []byte, words ...uint32) []byte {
	for _, w := range words {
		dst = binary.LittleEndian.AppendUint32(dst, w)
	}
	return dst
}

func appendPreamble(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, Magic)
	dst = binary.LittleEndian.AppendUint16(dst, Version)
	return append(dst, 0, 0) // finishBody writes the size
}

// finishBody pads the body that begins at start and writes its size to the preamble.
func finishBody(dst []byte, start int) []byte {
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	binary.LittleEndian.PutUint16(dst[start-2:], uint16(len(dst)-start))
	return dst
}

func appendName(dst []byte, name string) []byte {
	if len(name) > MaxNameBytes {
		panic(fmt.Sprintf("wire: a name of %d bytes", len(name)))
	}
	return append(append(dst, byte(len(name))), name...)
}

// takeName returns the name that b begins with, and the bytes after it.
func takeName(b []byte) (name string, rest []byte, err error) {
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return "", nil, ErrMalformed
	}
	end := 1 + int(b[0])
	return string(b[1:end]), b[end:], nil
}
