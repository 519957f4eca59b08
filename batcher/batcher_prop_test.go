package batcher_test

import (
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// machine drives a batcher: it sends requests, polls, reads answers and replaces the model in any
// order. Its model of one source is the list of requests that are not answered yet, and how often
// the source has learned of another model.
type machine struct {
	*bench
	open     [][]asked
	told     []int
	replaced int // how often Replace was called
	taken    int // how often the model was replaced by the last Poll
	next     uint64
	vectors  uint32 // asked for
}

type asked struct {
	key     uint64
	vectors int
	value   float32
	model   int // the first that may answer: the newest when the request was asked
}

const poisoned = -1 // the model fails for rows of this value

func (m *machine) ask(t *rapid.T) {
	i := rapid.IntRange(0, len(m.sources)-1).Draw(t, "source")
	a := asked{m.next, rapid.IntRange(1, 6).Draw(t, "vectors"), float32(rapid.IntRange(poisoned, 50).Draw(t, "value")), m.replaced}
	if m.sources[i].ask(a.key, a.vectors, a.value) {
		m.next++
		m.vectors += uint32(a.vectors)
		m.open[i] = append(m.open[i], a)
	}
}

func (m *machine) poll(t *rapid.T) {
	m.Poll()
	if m.taken = m.replaced; m.Replacing() {
		t.Fatal("Poll has left a replacement for later")
	}
}

func (m *machine) replace(t *rapid.T) {
	other := wide{outputs: int(m.sources[0].outputs), offset: m.replaced + 1}
	waits := m.replaced > m.taken
	scorer, err := m.ScorerOf(other)
	if err != nil {
		t.Fatal(err)
	}
	switch err := m.Replace(scorer); {
	case waits && err != batcher.ErrReplacing:
		t.Fatalf("a second replacement: %v", err)
	case !waits && err != nil:
		t.Fatal(err)
	case !waits:
		m.replaced++
	}
}

// take checks that answers come in the order of their requests, each once, with the scores of
// the rows, or as failed if the rows are poisoned.
func (m *machine) take(t *rapid.T) {
	i := rapid.IntRange(0, len(m.sources)-1).Draw(t, "source")
	m.takeFrom(t, i)
}

func (m *machine) takeFrom(t *rapid.T, i int) {
	dim := float32(m.sources[i].dim)
	m.sources[i].answers(func(r batcher.Response, scores []float32) {
		if r.Vectors == 0 {
			if m.told[i]++; m.told[i] > m.replaced || r != (batcher.Response{}) {
				t.Fatalf("source %d: news %d of another model, %+v, after %d replacements", i, m.told[i], r, m.replaced)
			}
			return
		}
		if len(m.open[i]) == 0 {
			t.Fatalf("source %d: answer %+v without a request", i, r)
		}
		want := m.open[i][0]
		m.open[i] = m.open[i][1:]
		if m.told[i] < want.model {
			t.Fatalf("source %d: model %d answers %+v", i, m.told[i], want)
		}
		if r.Key != want.key || int(r.Vectors) != want.vectors || (r.Failed != 0) != (want.value == poisoned) {
			t.Fatalf("source %d: answer %+v to %+v", i, r, want)
		}
		outputs := int(m.sources[i].outputs)
		if len(scores) != want.vectors*outputs {
			t.Fatalf("source %d: %d scores for %+v", i, len(scores), want)
		}
		for k, s := range scores {
			if want.value != poisoned && s != dim*want.value*float32(k%outputs+1)+float32(m.told[i]) {
				t.Fatalf("source %d: score %v for %+v", i, s, want)
			}
		}
		if fault := r.Fault(scores); fault != (batcher.Fault{}) && fault != (batcher.Fault{Code: wire.ModelError}) {
			t.Fatalf("source %d: %+v, want an error of row 0", i, fault)
		}
	})
}

func behave(t *rapid.T, tb testing.TB) {
	sources := rapid.IntRange(1, 4).Draw(t, "sources")
	m := &machine{
		bench: setup(tb, wide{outputs: rapid.IntRange(1, 3).Draw(t, "outputs")}, rapid.IntRange(1, 9).Draw(t, "dim"), sources,
			rapid.IntRange(6, 40).Draw(t, "rows"), rapid.IntRange(0, 10).Draw(t, "batchRows")),
		open: make([][]asked, sources), told: make([]int, sources),
	}
	t.Repeat(map[string]func(*rapid.T){"ask": m.ask, "poll": m.poll, "take": m.take, "replace": m.replace})
	m.Poll()
	for m.Poll() > 0 {
	}
	rows := uint32(0)
	for i, s := range m.sources {
		m.takeFrom(t, i)
		if rows += s.rows; s.batch.Count > 0 {
			t.Fatalf("source %d: a batch has %d answers more", i, s.batch.Count)
		}
		if len(m.open[i]) > 0 || m.told[i] != m.replaced {
			t.Fatalf("source %d: no answer to %+v, and news of %d of %d models", i, m.open[i], m.told[i], m.replaced)
		}
		if s.pool.InUse() != 0 {
			t.Fatalf("source %d: %d bytes of the pool were not released", i, s.pool.InUse())
		}
	}
	if rows != m.vectors {
		t.Fatalf("batches had %d rows, of %d", rows, m.vectors)
	}
}

func TestOrderKeptForEachSource(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { behave(rt, t) })
}

func FuzzOrderKeptForEachSource(f *testing.F) {
	f.Fuzz(func(t *testing.T, input []byte) {
		rapid.MakeFuzz(func(rt *rapid.T) { behave(rt, t) })(t, input)
	})
}
