package wire

import (
	"encoding/binary"
	"fmt"
)

// ReplyKind says what a version 2 server sent.
type ReplyKind uint8

const (
	Answer  ReplyKind = iota // a response, as in version 1
	Failure                  // a failed request, in the place of its response
	Notice                   // belongs to no request
)

const (
	failureBit = 0x80000000
	noticeBits = 0xC0000000

	// FailureBytes is the size of a Failure.
	FailureBytes = 8
	// NoticeBytes is the size of a Notice without its payload.
	NoticeBytes = 8
	// MaxNoticeBytes is the size of the largest Notice, payload included.
	MaxNoticeBytes = NoticeBytes + maxNoticePayload

	maxNoticePayload = maxBodyBytes
)

// Codes of failures. A client must treat an unknown code as the failure of its request. A code
// has at most 30 bits.
const (
	ModelError  uint32 = 1 // the model returned an error; the detail is a row, or NoRow
	ModelPanic  uint32 = 2 // the model panicked; the detail is a row, or NoRow
	CountDenied uint32 = 3 // the count is not allowed; the detail is the count. Nothing follows it
)

// NoRow is the detail of a failure whose row is unknown: each row of the request succeeds alone.
const NoRow uint32 = 0xFFFFFFFF

// Types of notices. A client must skip a notice of unknown type. A type has at most 30 bits.
const (
	GoingAway    uint32 = 1 // the client must send no new request and half-close; no payload
	AnotherModel uint32 = 2 // the next answer is of another model; the payload is its Identity
)

// Reply describes what a version 2 server's stream begins with. Until the first four bytes
// have arrived, it is an Incomplete Answer.
type Reply struct {
	Frame // Vectors and Payload belong to answers only, except that an Invalid Notice has Vectors
	Kind  ReplyKind
	Code  uint32 // of a Failure its code, of a Notice its type
	// Detail says more about a Failure. What it says depends on the code. It is 0 until the
	// Failure is Complete.
	Detail uint32
}

// Notice returns the payload of a Complete Notice that was parsed from b. Of AnotherModel it
// is an Identity: [Identity](r.Notice(b)). The result is b's memory.
func (r Reply) Notice(b []byte) []byte { return b[NoticeBytes:r.Bytes] }

// ParseReply describes what b begins with. b must be the stream of a version 2 server after
// its welcome, from the start of a reply on. In all other respects ParseReply is like
// ParseResponse. A notice whose size is not allowed is Invalid: its size must be a multiple of
// four and at most 65,532 bytes, and that of a known type must be the size of its payload.
func (f Format) ParseReply(b []byte) Reply {
	frame := f.ParseResponse(b)
	if frame.Status != Invalid || b[3]&(failureBit>>24) == 0 {
		return Reply{Frame: frame}
	}
	head := binary.LittleEndian.Uint32(b)
	r := Reply{Kind: Failure, Code: head &^ noticeBits}
	if head&noticeBits == noticeBits {
		r.Kind = Notice
	}
	if len(b) < FailureBytes {
		r.Frame = Frame{Status: Incomplete, Bytes: FailureBytes - len(b)}
		return r
	}
	second := binary.LittleEndian.Uint32(b[4:])
	size := FailureBytes
	if r.Kind == Failure {
		r.Detail = second
	} else {
		if !noticeSizeAllowed(r.Code, uint64(second)) {
			return Reply{Frame: frame, Kind: Notice, Code: r.Code}
		}
		size = NoticeBytes + int(second)
	}
	if len(b) < size {
		r.Frame = Frame{Status: Incomplete, Bytes: size - len(b)}
	} else {
		r.Frame = Frame{Status: Complete, Bytes: size}
	}
	return r
}

// noticeSizeAllowed reports whether the payload of a notice of this type may have this size.
func noticeSizeAllowed(kind uint32, size uint64) bool {
	switch kind {
	case GoingAway:
		return size == 0
	case AnotherModel:
		return size == IdentityBytes
	}
	return size%4 == 0 && size <= maxNoticePayload
}

// AppendFailure appends a failure to dst and returns the extended slice, as append does. It
// panics if the code has more than 30 bits.
func AppendFailure(dst []byte, code, detail uint32) []byte {
	if code&noticeBits != 0 {
		panic(fmt.Sprintf("wire: a failure of code %d", code))
	}
	return appendWords(dst, failureBit|code, detail)
}

// AppendGoingAway appends the notice GoingAway to dst and returns the extended slice, as
// append does.
func AppendGoingAway(dst []byte) []byte { return AppendNotice(dst, GoingAway, nil) }

// AppendNotice appends a notice to dst and returns the extended slice, as append does. It
// panics if the type has more than 30 bits, and if the payload has a size that ParseReply
// does not allow.
func AppendNotice(dst []byte, kind uint32, payload []byte) []byte {
	if kind&noticeBits != 0 || !noticeSizeAllowed(kind, uint64(len(payload))) {
		panic(fmt.Sprintf("wire: a notice of type %d with a payload of %d bytes", kind, len(payload)))
	}
	return append(appendWords(dst, noticeBits|kind, uint32(len(payload))), payload...)
}
