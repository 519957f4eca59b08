package wire

import "testing"

func FuzzParseRequest(f *testing.F) {
	fuzzParse(f, tiny.ParseRequest, tiny.RequestBytes)
}

func FuzzParseResponse(f *testing.F) {
	fuzzParse(f, tiny.ParseResponse, tiny.ResponseBytes)
}

// fuzzParse checks properties that hold for any input. The input's capacity is its length,
// so a read past it panics.
func fuzzParse(f *testing.F, parse func([]byte) Frame, frameBytes func(int) int) {
	f.Add([]byte(nil))
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{3, 0, 0, 0, 1, 2, 3, 4})
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte{0, 0, 0, 128})
	f.Add(goldenRequest)
	f.Add(goldenResponse)
	f.Add(append(goldenResponse[:len(goldenResponse):len(goldenResponse)], 1, 0, 0))
	f.Fuzz(func(t *testing.T, in []byte) {
		exact := make([]byte, len(in))
		copy(exact, in)
		frame := parse(exact)
		switch frame.Status {
		case Complete:
			if frame.Vectors < 1 || frame.Vectors > tiny.MaxVectors || frame.Bytes != frameBytes(frame.Vectors) || frame.Bytes > len(in) {
				t.Fatalf("%d bytes gave %+v", len(in), frame)
			}
		case Incomplete:
			whole := HeaderBytes
			if len(in) >= HeaderBytes {
				whole = frameBytes(frame.Vectors)
			}
			if frame.Bytes < 1 || len(in)+frame.Bytes != whole {
				t.Fatalf("%d bytes gave %+v", len(in), frame)
			}
		case Invalid:
			if frame.Bytes != 0 || len(in) < HeaderBytes || frame.Vectors >= 1 && frame.Vectors <= tiny.MaxVectors {
				t.Fatalf("%d bytes gave %+v", len(in), frame)
			}
		default:
			t.Fatalf("%d bytes gave %+v", len(in), frame)
		}
	})
}
