//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"unicode/utf8"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// Version 2 of the protocol. Like rawtest, torture writes its messages by hand: it shares no code
// with package wire, which it tests through the daemon.

// magic is the word that begins a hello and a welcome.
const magic = 0x32534944 // "DIS2"

const (
	preambleBytes = 8              // magic, version, size of the body
	fieldsBytes   = 4 * 4          // dim, outputs, kind, max_vectors
	identityBytes = 32             // SHA-256
	maxBodyBytes  = 1<<16 - 4      // a multiple of 4 that fits the preamble
	failureBit    = 0x80000000     // begins a failure, with its code
	noticeBits    = 0xC0000000     // begin a notice, with its type
	noticeBytes   = 8              // of a notice that has no payload
	goingAway     = noticeBits + 1 // the daemon goes away; no payload
	countDenied   = 3              // the code of a failure: the count is not allowed
)

// What the daemon states in its welcome, beside dim and maxVectors. Its model is sum, which is
// built in and so has the identity zero.
const (
	outputs   = 1
	rawScores = 1 // the kind
	modelName = "sum"
)

// status says in a welcome whether the hello is accepted.
type status uint16

const (
	welcomed status = iota
	wrongVersion
	wrongDim
	wrongOutputs
	tooManyVectors
	wrongModel
	_ // not now: no round has a daemon that says so
	wrongKind
	malformed
)

// hello is what a client expects of the daemon. The zero value of a field, but not of the
// version, means that anything is right.
type hello struct {
	version                        uint16
	dim, outputs, kind, maxVectors uint32
	name                           string
	more                           int // bytes that a later version adds
}

// politeHello returns a hello that the daemon must accept. It states each field or does not,
// and is of version 2 or a later one, which may have a longer body.
func politeHello(r *rand.Rand) hello {
	h := hello{version: 2}
	if r.IntN(4) == 0 {
		h.version = [...]uint16{3, 1<<16 - 1}[r.IntN(2)]
		h.more = 4 * r.IntN(100)
	}
	stated := func(value uint32) uint32 { return value * r.Uint32N(2) }
	h.dim, h.outputs, h.kind, h.maxVectors = stated(dim), stated(outputs), stated(rawScores), stated(1+r.Uint32N(maxVectors))
	if r.IntN(2) == 0 {
		h.name = modelName
	}
	return h
}

// bytes returns the hello as it is sent.
func (h hello) bytes() []byte {
	b := rawtest.Hello(h.dim, h.outputs, h.kind, h.maxVectors, h.name)
	body := append(b[preambleBytes:], bytes.Repeat([]byte{0xA5}, h.more)...)
	return append(preamble(h.version, len(body)), body...)
}

// preamble returns what precedes the body of a hello or a welcome.
func preamble(version uint16, size int) []byte {
	b := rawtest.Header(magic)
	b = binary.LittleEndian.AppendUint16(b, version)
	return binary.LittleEndian.AppendUint16(b, uint16(size))
}

// welcome returns the only right welcome with that status and sentence.
func welcome(s status, sentence string) []byte {
	return rawtest.Welcome(uint16(s), dim, outputs, rawScores, maxVectors, modelName, sentence)
}

// expectWelcome reads a welcome and returns an error unless it has that status and every field
// is right. A refusal has a sentence, and no other welcome has one.
func expectWelcome(c *rawtest.Client, s status) error {
	got := make([]byte, preambleBytes)
	if err := c.Receive(got); err != nil {
		return fmt.Errorf("before the welcome: %w", err)
	}
	size := int(binary.LittleEndian.Uint16(got[6:]))
	if !bytes.Equal(got, preamble(2, size)) {
		return fmt.Errorf("%w: a welcome begins with % x", rawtest.ErrDiffer, got)
	}
	body := make([]byte, size)
	if err := c.Receive(body); errors.Is(err, io.EOF) {
		return fmt.Errorf("after the first bytes of a welcome: %w", io.ErrUnexpectedEOF)
	} else if err != nil {
		return fmt.Errorf("within a welcome: %w", err)
	}
	got = append(got, body...)
	sentence := sentenceOf(got)
	if !bytes.Equal(got, welcome(s, sentence)) || (s == welcomed) != (sentence == "") || !utf8.ValidString(sentence) {
		return fmt.Errorf("%w: the welcome is %q, want %q", rawtest.ErrDiffer, got, welcome(s, sentence))
	}
	return nil
}

// sentenceOf returns the sentence of a welcome, or "" if the welcome is too short.
func sentenceOf(welcome []byte) string {
	const at = preambleBytes + 4 + fieldsBytes + identityBytes + 1 + len(modelName)
	if len(welcome) < at+2 {
		return ""
	}
	size, rest := int(binary.LittleEndian.Uint16(welcome[at:])), welcome[at+2:]
	return string(rest[:min(size, len(rest))])
}
