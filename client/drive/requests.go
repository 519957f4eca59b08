package drive

import (
	"bytes"
	"fmt"
	"sort"

	"github.com/disrust/disrust/wire"
)

const (
	// cycleBytes and cycleRequests are about what a generated cycle takes, whichever
	// is less: enough that requests differ, little enough to stay in the
	// second-level cache with what is read.
	cycleBytes    = 64 << 10
	cycleRequests = 127
	// maxCycleBytes bounds a cycle of large requests.
	maxCycleBytes = 1 << 30
	// writeBytes is what one write offers at most, unless a single request is
	// larger. It holds seven requests of 64 vectors of 128 features, 32 KiB and a
	// header each: a server that is woken for each of them costs both ends more
	// than copying it does. More had better not be sent over and over, to stay in
	// the cache.
	writeBytes = 256 << 10
)

// Requests is what a run sends: a cycle of requests, and the responses that
// they must get, both as bytes, so that sending is a write and verifying a
// comparison. It is never changed once made and serves any number of runs.
type Requests struct {
	// bytes is the cycle and, behind it, as much of it again as makes any run of
	// up to writeBytes that begins in the cycle one piece.
	bytes  []byte
	begins []int // of each request in bytes, and where the last ends

	// responses is the cycle's responses; the scores in them mean nothing unless
	// known.
	responses []byte
	replies   []reply
	known     bool

	vectors int // of the cycle
}

// reply is where a response ends in the cycle of responses, and its size.
type reply struct{ end, vectors int }

// Generate makes a cycle of requests in the sizes of mix, whose rows are small
// integers that sum exactly in any order: every byte of every response is known.
// The same arguments make the same cycle. No two rows of a cycle have the same
// score, so a response that slipped to another request is seen as wrong.
//
// Cost: 320 KiB or so, more for large requests; an error above 1 GiB.
func Generate(f wire.Format, mix Mix, seed uint64) (*Requests, error) {
	if err := fits(f, mix); err != nil {
		return nil, err
	}
	sizes := mix.sizes(blocks(f, mix), seed)
	q := &Requests{known: true}
	for _, vectors := range sizes {
		rows, scores := Rows(q.vectors, vectors, f.Dim)
		q.begins = append(q.begins, len(q.bytes))
		q.bytes = wire.AppendRequest(q.bytes, vectors, rows)
		q.expect(vectors, scores)
	}
	q.extend()
	return q, nil
}

// fits says whether f can carry mix.
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

// leastBlocks of a mix make a cycle, and always an odd number of them, so that
// its length never divides a power of two: a response late by a window of that
// size is wrong.
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

// Replay cuts rows, little-endian float32 one row of f.Dim after the other, into
// requests in the sizes of mix, the last one smaller if rows end within it. What
// scores they must get is unknown: of the responses only the counts are
// verified.
//
// Ownership: rows is copied. Cost: as much memory again, and 1/f.Dim of it.
func Replay(f wire.Format, rows []byte, mix Mix, seed uint64) (*Requests, error) {
	if err := fits(f, mix); err != nil {
		return nil, err
	}
	if len(rows) == 0 || len(rows)%f.RowBytes() != 0 {
		return nil, fmt.Errorf("%d bytes are no whole rows of %d bytes", len(rows), f.RowBytes())
	}
	sizes := mix.sizes(blocks(f, mix), seed)
	q := &Requests{}
	for k := 0; len(rows) > 0; k++ {
		vectors := min(sizes[k%len(sizes)], len(rows)/f.RowBytes())
		q.begins = append(q.begins, len(q.bytes))
		q.bytes = appendRaw(q.bytes, vectors, rows[:vectors*f.RowBytes()])
		q.expect(vectors, make([]float32, vectors))
		rows = rows[vectors*f.RowBytes():]
	}
	q.extend()
	return q, nil
}

// Count returns how many requests a cycle holds. A run with this Quota sends
// each once.
func (q *Requests) Count() int { return len(q.replies) }

// Vectors returns how many vectors a cycle holds.
func (q *Requests) Vectors() int { return q.vectors }

func (q *Requests) expect(vectors int, scores []float32) {
	q.responses = wire.AppendResponse(q.responses, scores)
	q.replies = append(q.replies, reply{len(q.responses), vectors})
	q.vectors += vectors
}

// extend repeats the cycle behind itself.
func (q *Requests) extend() {
	cycle, count := len(q.bytes), len(q.begins)
	q.begins = append(q.begins, cycle)
	for i := 0; len(q.bytes) < cycle+writeBytes; i = (i + 1) % count {
		q.bytes = append(q.bytes, q.bytes[q.begins[i]:q.begins[i+1]]...)
		q.begins = append(q.begins, len(q.bytes))
	}
}

// run returns where the requests of the cycle from the i-th on lie in bytes: n
// of them, or as many as one write offers, but at least one. n is at least 1.
func (q *Requests) run(i int, n int64) (count, begin, end int) {
	begin = q.begins[i]
	last := int(min(int64(i)+n, int64(len(q.begins)-1)))
	if q.begins[last]-begin > writeBytes {
		fit := sort.SearchInts(q.begins[i+1:last], begin+writeBytes+1) // requests that fit
		last = i + max(1, fit)
	}
	return last - i, begin, q.begins[last]
}

// agree returns how many bytes of b are as the responses from byte at on, which
// belongs to the i-th response, have to be; b does not go beyond the cycle.
func (q *Requests) agree(b []byte, at, i int) int {
	if q.known {
		return agree(b, q.responses[at:])
	}
	for n := 0; n < len(b); i++ {
		end := q.replies[i].end
		header := end - wire.ResponseBytes(q.replies[i].vectors) + wire.HeaderBytes
		if at < header {
			part := b[n:min(len(b), n+header-at)]
			if right := agree(part, q.responses[at:]); right < len(part) {
				return n + right
			}
		}
		n, at = n+end-at, end
	}
	return len(b)
}

// agree returns how many bytes of b are as those of want, which is as long at
// least.
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
