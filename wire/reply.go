package wire

import "encoding/binary"

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

	maxNoticePayload = maxBodyBytes
)

// Codes of failures. A client must treat an unknown code as the failure of its request.
const (
	ModelError  uint32 = 1 // the model returned an error; the detail is a row, or NoRow
	ModelPanic  uint32 = 2 // the model panicked; the detail is a row, or NoRow
	CountDenied uint32 = 3 // the count is not allowed; the detail is the count. The connection then ends
)

// NoRow is the detail of a failure whose row is unknown: no row of the request fails alone.
const NoRow uint32 = 0xFFFFFFFF

// Types of notices. A client must skip a notice of unknown type.
const (
	GoingAway    uint32 = 1 // the client must send no new request and half-close; no payload
	AnotherModel uint32 = 2 // the next answer is of another model; the payload is its Identity
)

// Reply describes what a version 2 server's stream begins with.
type Reply struct {
	Frame // Vectors is set for answers only
	Kind  ReplyKind
	Code  uint32 // of a Failure its code, of a Notice its type
	// Detail says more about a Failure. What it says depends on the code.
	Detail uint32
}

// Notice returns the payload of a complete Notice that was parsed from b. The result is b's
// memory.
func (r Reply) Notice(b []byte) []byte { return b[NoticeBytes:r.Bytes] }

// ParseReply describes what b begins with. b must be the stream of a version 2 server after
// its welcome, from the start of a reply on. In all other respects ParseReply is like
// ParseResponse. A notice whose size is not allowed is Invalid.
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
		if second%4 != 0 || second > maxNoticePayload {
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

// AppendFailure appends a failure to dst and returns the extended slice, as append does.
func AppendFailure(dst []byte, code, detail uint32) []byte {
	return appendWords(dst, failureBit|code, detail)
}

// AppendGoingAway appends the notice GoingAway to dst and returns the extended slice, as
// append does.
func AppendGoingAway(dst []byte) []byte { return AppendNotice(dst, GoingAway, nil) }

// AppendNotice appends a notice to dst and returns the extended slice, as append does. It
// panics unless the payload's size is a multiple of four and at most 65,532 bytes.
func AppendNotice(dst []byte, kind uint32, payload []byte) []byte {
	if len(payload)%4 != 0 || len(payload) > maxNoticePayload {
		panic("wire: the payload of a notice has a size that is not allowed")
	}
	return append(appendWords(dst, noticeBits|kind, uint32(len(payload))), payload...)
}
