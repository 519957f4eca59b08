package drive

import (
	"bytes"
	"fmt"
	"sort"

	"github.com/disrust/disrust/wire"
)

const (
	// cycleBytes and cycleRequests are the approximate size of a generated cycle,
	// whichever is less. The requests of such a cycle differ enough, and it fits in the
	// second-level cache together with what is read.
	cycleBytes    = 64 << 10
	cycleRequests = 127
	// maxCycleBytes bounds a cycle of large requests.
	maxCycleBytes = 1 << 30
	// writeBytes is the most that one write offers, unless a single request is larger.
	// It holds seven requests of 64 vectors of 128 features (32 KiB and a header each).
	// If each request woke the server, that would cost both ends more than copying the
	// request. More bytes would no longer stay in the cache.
	writeBytes = 256 << 10
)

// Verify says how a run verifies the scores in the responses to its Requests. The counts
// of the responses, and so the order of their sizes, are verified in any case.
type Verify uint8

const (
	// BySum compares every byte with the sums of the rows: the scores of the built-in
	// model sum.
	BySum Verify = iota
	// ByReplay compares each score with the one that the server gave before the run, or that
	// Expect was given, and accepts a difference that rounding explains: Learn says which.
	ByReplay
	// ByFrame accepts any score.
	ByFrame
	// learning accepts any score and keeps it.
	learning
)

// Requests is a cycle of requests that a run sends, and the responses that they must
// get. Both are bytes, so that sending is a write and verifying is a comparison. A
// Requests never changes after it is made, and any number of runs may use it.
type Requests struct {
	format wire.Format

	// bytes is the cycle, followed by a repetition of its start. So any stretch of up
	// to writeBytes that begins in the cycle is contiguous.
	bytes  []byte
	begins []int // where each request begins in bytes, and where the last ends

	// responses is the responses of the cycle. The scores in them mean nothing unless
	// by is BySum or ByReplay.
	responses []byte
	replies   []reply
	by        Verify
	given     bool // whether the scores in responses are those of Expect

	vectors int // vectors in the cycle
	most    int // vectors in its largest request
}

// reply is where a response ends in responses, and how many vectors it answers.
type reply struct{ end, vectors int }

// Generate makes a cycle of requests in the sizes of mix. Their rows are small integers
// whose sum is exact in any order, so every byte of every response is known. The same
// arguments make the same cycle. No two rows of a cycle have the same score, so a
// response that answers another request is detected as wrong. If f has several outputs, the
// requests are verified ByFrame.
//
// Cost: about 320 KiB of memory, and more for large requests. Generate returns an error
// above 1 GiB.
func Generate(f wire.Format, mix Mix, seed uint64) (*Requests, error) {
	if err := fits(f, mix); err != nil {
		return nil, err
	}
	return generate(f, mix.sizes(blocks(f, mix), seed)), nil
}

// Sequence makes a cycle of requests in these sizes, which differ, in this order. It is
// otherwise like Generate.
func Sequence(f wire.Format, sizes ...int) (*Requests, error) {
	var mix Mix
	for _, vectors := range sizes {
		mix = append(mix, Share{vectors, 1})
	}
	if err := fits(f, mix); err != nil {
		return nil, err
	}
	return generate(f, sizes), nil
}

func generate(f wire.Format, sizes []int) *Requests {
	q := &Requests{format: f, by: BySum}
	if f.Outputs > 1 {
		q.by = ByFrame
	}
	for _, vectors := range sizes {
		rows, scores := Rows(q.vectors, vectors, f.Dim)
		if f.Outputs > 1 {
			scores = make([]float32, vectors*f.Outputs)
		}
		q.begins = append(q.begins, len(q.bytes))
		q.bytes = wire.AppendRequest(q.bytes, vectors, rows)
		q.expect(vectors, scores)
	}
	q.extend()
	return q
}

// fits returns an error if f cannot carry the requests of mix.
func fits(f wire.Format, mix Mix) error {
	if err := f.Validate(); err != nil {
		return err
	}
	if err := mix.validate(); err != nil {
		return err
	}
	if most := mix.Largest(); most > f.MaxVectors {
		return fmt.Errorf("requests of %d vectors: the server takes up to %d", most, f.MaxVectors)
	}
	bytes := 0
	for _, vectors := range mix.block() {
		if bytes += f.RequestBytes(vectors); bytes > maxCycleBytes/leastBlocks {
			return fmt.Errorf("requests of these sizes, each in its share, take more than %d MiB", maxCycleBytes>>20)
		}
	}
	return nil
}

// leastBlocks is the smallest number of blocks of a mix in a cycle. The number is always
// odd and above 1, so that no power of two is a multiple of the cycle's length. So a
// response that is late by a window of such a size is detected as wrong.
const leastBlocks = 3

// blocks returns how many blocks of mix a cycle takes.
func blocks(f wire.Format, mix Mix) int {
	block, bytes := mix.block(), 0
	for _, vectors := range block {
		bytes += f.RequestBytes(vectors)
	}
	n := min(cycleBytes/bytes, cycleRequests/len(block))
	return max(leastBlocks, n) | 1
}

// Replay makes requests from rows, in the sizes of mix. rows holds little-endian
// float32, one row of f.Dim features after the other. The last request is smaller if
// rows end within it. The scores of a replay are not known, so it is verified ByFrame;
// Learn asks for the scores.
//
// Ownership: Replay copies rows. Cost: as much memory as rows, and 1/f.Dim of it more.
func Replay(f wire.Format, rows []byte, mix Mix, seed uint64) (*Requests, error) {
	if err := fits(f, mix); err != nil {
		return nil, err
	}
	if len(rows) == 0 || len(rows)%f.RowBytes() != 0 {
		return nil, fmt.Errorf("%d bytes are no whole rows of %d bytes", len(rows), f.RowBytes())
	}
	sizes := mix.sizes(blocks(f, mix), seed)
	q := &Requests{format: f, by: ByFrame}
	for k := 0; len(rows) > 0; k++ {
		vectors := min(sizes[k%len(sizes)], len(rows)/f.RowBytes())
		q.begins = append(q.begins, len(q.bytes))
		q.bytes = appendRaw(q.bytes, vectors, rows[:vectors*f.RowBytes()])
		q.expect(vectors, make([]float32, vectors*f.Outputs))
		rows = rows[vectors*f.RowBytes():]
	}
	q.extend()
	return q, nil
}

// Count returns how many requests the cycle holds. A run with this Quota sends each of
// them once.
func (q *Requests) Count() int { return len(q.replies) }

// Vectors returns how many vectors the cycle holds.
func (q *Requests) Vectors() int { return q.vectors }

// ByFrame returns the same requests, verified ByFrame.
func (q *Requests) ByFrame() *Requests {
	frames := *q
	frames.by = ByFrame
	return &frames
}

// replyBegin returns where the response to request i of the cycle begins in responses.
func (q *Requests) replyBegin(i int) int {
	if i == 0 {
		return 0
	}
	return q.replies[i-1].end
}

func (q *Requests) expect(vectors int, scores []float32) {
	q.responses = wire.AppendResponse(q.responses, vectors, scores)
	q.replies = append(q.replies, reply{len(q.responses), vectors})
	q.vectors += vectors
	q.most = max(q.most, vectors)
}

// extend appends the repetition to bytes.
func (q *Requests) extend() {
	cycle, count := len(q.bytes), len(q.begins)
	q.begins = append(q.begins, cycle)
	for i := 0; len(q.bytes) < cycle+writeBytes; i = (i + 1) % count {
		q.bytes = append(q.bytes, q.bytes[q.begins[i]:q.begins[i+1]]...)
		q.begins = append(q.begins, len(q.bytes))
	}
}

// run returns where in bytes the requests of the cycle from the i-th on lie: n of them,
// or as many as one write may offer, but at least one. n must be at least 1.
func (q *Requests) run(i int, n int64) (count, begin, end int) {
	begin = q.begins[i]
	last := int(min(int64(i)+n, int64(len(q.begins)-1)))
	if q.begins[last]-begin > writeBytes {
		fit := sort.SearchInts(q.begins[i+1:last], begin+writeBytes+1) // requests that fit
		last = i + max(1, fit)
	}
	return last - i, begin, q.begins[last]
}

// agree returns how many bytes at the start of b are equal to the expected responses from
// byte at on. Byte at belongs to the i-th response. b must not go beyond the cycle. If
// scores may be anything, all their bytes count as equal.
func (q *Requests) agree(b []byte, at, i int) int {
	if q.by <= ByReplay {
		return agree(b, q.responses[at:])
	}
	for n := 0; n < len(b); i++ {
		end := q.replies[i].end
		header := end - q.format.ResponseBytes(q.replies[i].vectors) + wire.HeaderBytes
		if at < header {
			part := b[n:min(len(b), n+header-at)]
			if right := agree(part, q.responses[at:]); right < len(part) {
				return n + right
			}
			n, at = n+len(part), at+len(part)
		}
		part := b[n:min(len(b), n+end-at)]
		if q.by == learning {
			copy(q.responses[at:], part)
		}
		n, at = n+len(part), end
	}
	return len(b)
}

// agree returns how many bytes at the start of b are equal to those of want, which must
// be at least as long.
func agree(b, want []byte) int {
	want = want[:len(b)]
	if bytes.Equal(b, want) {
		return len(b)
	}
	n := 0
	for b[n] == want[n] {
		n++
	}
	return n
}
