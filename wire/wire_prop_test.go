package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anySplit parses one stream, valid or not, whole and in pieces. Both must give the same
// frames and leave the same bytes.
func anySplit(t *rapid.T) {
	f := Format{Dim: rapid.IntRange(1, 5).Draw(t, "dim"), Outputs: rapid.IntRange(1, 3).Draw(t, "outputs"), MaxVectors: rapid.IntRange(1, 4).Draw(t, "max_vectors")}
	parse, vectorBytes, replies := frames(f.ParseRequest), f.RowBytes(), false
	switch rapid.SampledFrom([]string{"requests", "responses", "replies"}).Draw(t, "of") {
	case "responses":
		parse, vectorBytes = frames(f.ParseResponse), f.ScoreBytes()
	case "replies":
		parse, vectorBytes, replies = f.ParseReply, f.ScoreBytes(), true
	}
	stream := drawStream(t, f, vectorBytes, replies)
	want, wantLeft := modelReplies(stream, f.MaxVectors, vectorBytes, replies)

	var got []Reply
	var left []byte
	for rest := stream; len(rest) > 0; {
		n := rapid.IntRange(1, len(rest)).Draw(t, "read")
		left, rest = append(left, rest[:n]...), rest[n:]
		var more []Reply
		more, left = takeReplies(t, parse, left)
		got = append(got, more...)
		if len(got) > 0 && got[len(got)-1].Status == Invalid {
			left = append(left, rest...)
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("in pieces %+v, want %+v", got, want)
	}
	if !bytes.Equal(left, wantLeft) {
		t.Fatalf("left %d bytes, want %d", len(left), len(wantLeft))
	}
}

func TestAnySplitSameFrames(t *testing.T) { rapid.Check(t, anySplit) }

func FuzzAnySplitSameFrames(f *testing.F) { f.Fuzz(rapid.MakeFuzz(anySplit)) }

// frames returns parse with its frames as replies.
func frames(parse func([]byte) Frame) func([]byte) Reply {
	return func(b []byte) Reply { return Reply{Frame: parse(b)} }
}

// drawStream returns whole frames, possibly followed by garbage. If replies, failures and
// notices are among them.
func drawStream(t *rapid.T, f Format, vectorBytes int, replies bool) []byte {
	var stream []byte
	for range rapid.IntRange(0, 6).Draw(t, "frames") {
		if replies && rapid.Bool().Draw(t, "no answer") {
			stream = append(stream, drawWords(t)...)
			continue
		}
		vectors := rapid.IntRange(1, f.MaxVectors).Draw(t, "vectors")
		stream = binary.LittleEndian.AppendUint32(stream, uint32(vectors))
		payload := vectors * vectorBytes
		stream = append(stream, rapid.SliceOfN(rapid.Byte(), payload, payload).Draw(t, "payload")...)
	}
	return append(stream, rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "tail")...)
}

// drawWords returns a failure or a notice, whose size is sometimes not allowed.
func drawWords(t *rapid.T) []byte {
	head := rapid.SampledFrom([]uint32{0x80000000, 0xC0000000}).Draw(t, "kind")
	head += rapid.OneOf(rapid.Uint32Range(0, 4), rapid.Uint32Range(0, 1<<30-1)).Draw(t, "code")
	second := rapid.OneOf(rapid.SampledFrom([]uint32{0, 4, 32}), rapid.Uint32()).Draw(t, "second")
	b := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, head), second)
	if head < 0xC0000000 {
		return b
	}
	size := int(min(second, 64))
	return append(b, rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "payload")...)
}

// modelReplies reads the whole stream as the tables in README.md describe it.
func modelReplies(stream []byte, maxVectors, vectorBytes int, replies bool) (got []Reply, left []byte) {
	for len(stream) >= 4 {
		n := int64(stream[0]) | int64(stream[1])<<8 | int64(stream[2])<<16 | int64(stream[3])<<24
		var r Reply
		switch invalid := (Frame{Status: Invalid, Vectors: int(min(n, math.MaxInt))}); {
		case replies && n >= 1<<31:
			if len(stream) < 8 {
				return got, stream
			}
			second := int64(stream[4]) | int64(stream[5])<<8 | int64(stream[6])<<16 | int64(stream[7])<<24
			r = Reply{Frame{Complete, 0, 8}, Failure, uint32(n % (1 << 30)), uint32(second)}
			if n >= 3<<30 {
				r.Kind, r.Detail = Notice, 0
				if r.Bytes += int(min(second, 1<<20)); second > 65_532 || second%4 != 0 || r.Code == 1 && second != 0 || r.Code == 2 && second != 32 {
					r.Frame = invalid
				}
			}
		case n < 1 || n > int64(maxVectors):
			r.Frame = invalid
		default:
			r.Frame = Frame{Complete, int(n), 4 + int(n)*vectorBytes}
		}
		if r.Status == Invalid {
			return append(got, r), stream
		}
		if len(stream) < r.Bytes {
			break
		}
		got, stream = append(got, r), stream[r.Bytes:]
	}
	return got, stream
}

// takeReplies parses whole frames until b ends or is invalid. An Incomplete frame must ask for
// the right number of bytes: with one byte less the frame stays incomplete. With all of them it
// is complete if its size is known.
func takeReplies(t *rapid.T, parse func([]byte) Reply, b []byte) (got []Reply, left []byte) {
	for {
		r := parse(b[:len(b):len(b)])
		switch r.Status {
		case Complete:
			got, b = append(got, r), b[r.Bytes:]
		case Invalid:
			return append(got, r), b
		case Incomplete:
			less := parse(append(slices.Clip(b), make([]byte, r.Bytes-1)...))
			if less.Status != Incomplete {
				t.Fatalf("needed %d bytes, but one less gave %+v", r.Bytes, less)
			}
			if r.Vectors > 0 || r.Kind == Failure || r.Kind == Notice && len(b) >= NoticeBytes {
				if all := parse(append(slices.Clip(b), make([]byte, r.Bytes)...)); all.Status != Complete {
					t.Fatalf("needed %d bytes, but they gave %+v", r.Bytes, all)
				}
			}
			return got, b
		default:
			t.Fatalf("status %v", r.Status)
		}
	}
}

// TestRoundTrip sends drawn bits from client to server and back, through the fast and the
// portable copies in every combination.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Format{Dim: rapid.IntRange(1, 9).Draw(t, "dim"), MaxVectors: rapid.IntRange(1, 9).Draw(t, "max_vectors")}
		f.Outputs = rapid.IntRange(1, f.Dim).Draw(t, "outputs")
		vectors := rapid.IntRange(1, f.MaxVectors).Draw(t, "vectors")
		bits := rapid.SliceOfN(rapid.Uint32(), vectors*f.Dim, vectors*f.Dim).Draw(t, "bits")
		rows := make([]float32, len(bits))
		payload := make([]byte, 0, floatBytes*len(bits))
		for _, b := range bits {
			payload = binary.LittleEndian.AppendUint32(payload, b)
		}
		decodeFloats(rows, payload)

		request := AppendRequest(nil, vectors, rows)
		if frame := f.ParseRequest(request); frame != (Frame{Complete, vectors, f.RequestBytes(vectors)}) {
			t.Fatalf("request parsed as %+v", frame)
		}
		if !bytes.Equal(request[HeaderBytes:], payload) || !bytes.Equal(encodeFloats(nil, rows), payload) {
			t.Fatalf("rows encoded as % x, want % x", request[HeaderBytes:], payload)
		}
		received := make([]float32, len(rows))
		CopyRows(received, request[HeaderBytes:])

		response := AppendResponse(nil, vectors, received[:vectors*f.Outputs])
		if frame := f.ParseResponse(response); frame != (Frame{Complete, vectors, f.ResponseBytes(vectors)}) {
			t.Fatalf("response parsed as %+v", frame)
		}
		scores := make([]float32, vectors*f.Outputs)
		CopyScores(scores, response[HeaderBytes:])
		if got := encodeFloats(nil, scores); !bytes.Equal(got, payload[:floatBytes*len(scores)]) {
			t.Fatalf("scores came back as % x, want % x", got, payload[:floatBytes*len(scores)])
		}
	})
}

// TestFloatsAsCopied reads bytes in place, at any address. If Floats can read them there, it
// returns the same floats as a copy, bit for bit.
func TestFloatsAsCopied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count, offset := rapid.IntRange(0, 20).Draw(t, "count"), rapid.IntRange(0, 2*floatBytes-1).Draw(t, "offset")
		special := rapid.SampledFrom(specialBits)
		var b []byte
		for _, bits := range rapid.SliceOfN(rapid.OneOf(rapid.Uint32(), special), count, count).Draw(t, "bits") {
			b = binary.LittleEndian.AppendUint32(b, bits)
		}
		b = copyAtOffset(offset, b)
		floats, ok := Floats(b)
		if want := littleEndianHost && offset%floatBytes == 0; ok != want {
			t.Fatalf("%d bytes at offset %d: %v, want %v", len(b), offset, ok, want)
		}
		if !ok {
			return
		}
		copied := make([]float32, count)
		CopyRows(copied, b)
		if !slices.EqualFunc(floats, copied, sameBits) {
			t.Fatalf("% x read as %v, copied as %v", b, floats, copied)
		}
	})
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

// TestRunIsFrames compares a run with frames that are parsed one by one. The run must hold all
// leading frames of the first frame's size, and nothing else.
func TestRunIsFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Format{Dim: rapid.IntRange(1, 3).Draw(t, "dim"), MaxVectors: rapid.IntRange(1, 2).Draw(t, "max_vectors")}
		stream := drawStream(t, f, f.RowBytes(), false)
		var want Run
		for rest := stream; ; {
			frame := f.ParseRequest(rest)
			if frame.Status != Complete || want.Count > 0 && frame.Vectors != want.Vectors {
				break
			}
			want = Run{want.Count + 1, frame.Vectors, want.Bytes + frame.Bytes}
			rest = rest[frame.Bytes:]
		}
		if got := f.ParseRun(stream[:len(stream):len(stream)]); got != want {
			t.Fatalf("run %+v, want %+v", got, want)
		}
	})
}

// TestMostResponseBytes draws a piece of a stream. The responses to the requests that the
// piece completes never take more bytes than the bound.
// MostReceivedBytes turns the bound around.
func TestMostResponseBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Format{
			Dim: rapid.IntRange(1, 3).Draw(t, "dim"), Outputs: rapid.IntRange(1, 6).Draw(t, "outputs"),
			MaxVectors: rapid.IntRange(1, 4).Draw(t, "max_vectors"),
		}
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{1, 1, f.MaxVectors, f.MaxVectors}), 1, 8).Draw(t, "vectors")
		total := 0
		for _, vectors := range sizes {
			total += f.RequestBytes(vectors)
		}
		lo := rapid.IntRange(0, total-1).Draw(t, "lo")
		hi := rapid.IntRange(lo, total).Draw(t, "hi")
		end, bytes := 0, 0
		for _, vectors := range sizes {
			if end += f.RequestBytes(vectors); end > lo && end <= hi {
				bytes += f.ResponseBytes(vectors)
			}
		}
		most := f.MostResponseBytes(hi - lo)
		if bytes > most {
			t.Fatalf("%d bytes of responses, bound %d", bytes, most)
		}

		room := rapid.IntRange(0, 500).Draw(t, "room")
		limit := rapid.IntRange(0, 200).Draw(t, "limit")
		received := f.MostReceivedBytes(room, limit)
		if received > 0 && f.MostResponseBytes(received) > room || received < limit && f.MostResponseBytes(received+1) <= room {
			t.Fatalf("%d bytes for a room of %d", received, room)
		}
	})
}

// TestPutIsAppend writes responses in place. They must equal the responses of AppendResponse.
func TestPutIsAppend(t *testing.T) {
	if !littleEndianHost {
		return // on this machine Floats always returns false
	}
	rapid.Check(t, func(t *rapid.T) {
		f := Format{Dim: 1, Outputs: rapid.IntRange(1, 3).Draw(t, "outputs"), MaxVectors: 5}
		vectors, count := rapid.IntRange(1, 5).Draw(t, "vectors"), rapid.IntRange(0, 5).Draw(t, "count")
		scores := make([]float32, vectors*count*f.Outputs)
		for i := range scores {
			scores[i] = math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
		}
		var want []byte
		got := make([]float32, count*f.ResponseFloats(vectors))
		for i := range count {
			each := scores[i*vectors*f.Outputs:][:vectors*f.Outputs]
			want = AppendResponse(want, vectors, each)
			copy(got[i*f.ResponseFloats(vectors)+HeaderFloats:], each)
		}
		if vectors == 1 {
			got = make([]float32, len(got))
			f.PutSingles(got, scores)
		} else {
			f.PutHeaders(got, vectors)
		}
		if !bytes.Equal(bytesOf(got), want) {
			t.Fatalf("in place % x, appended % x", bytesOf(got), want)
		}
	})
}
