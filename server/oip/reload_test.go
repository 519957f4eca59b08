package oip

import (
	"context"
	"encoding/binary"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"github.com/disrust/disrust/wire"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestReload: while models are replaced, all scores of an answer come from the model whose version it has, over many parts.
// Metadata follow.
func TestReload(t *testing.T) {
	b := start(t, twice{0})
	c := b.dial(t)
	const rows, models = 40, 30
	features := make([]float32, rows*testDim)
	for i := range features {
		features[i] = 1
	}
	var ended atomic.Bool
	var clients sync.WaitGroup
	var seen sync.Map
	for range 3 {
		clients.Go(func() {
			for !ended.Load() {
				got, err := c.ModelInfer(context.Background(), raw(rows, features))
				if err != nil {
					t.Error(err)
					return
				}
				number := float32(0)
				if got.ModelVersion != builtInVersion {
					number = numberOf(got.ModelVersion)
				}
				seen.Store(number, true)
				for i, score := range decodedFloats(string(got.RawOutputContents[0])) {
					if want := 3 * []float32{1, number}[i%2]; score != want {
						t.Errorf("score %d of version %s is %v, want %v", i, got.ModelVersion, score, want)
						return
					}
				}
			}
		})
	}
	for number := 1; number <= models; number++ {
		rawtest.Check(t, b.of.Reload(t.Context(), twice{float32(number)}, identityOf(number)))
		served := b.of.Served()
		if got := numberOf(versionOf(&served)); got != float32(number) {
			t.Errorf("version %v after the reload of %d", got, number)
		}
		rawtest.Until(t, "an answer of the new model", func() bool { _, ok := seen.Load(float32(number)); return ok || t.Failed() })
	}
	ended.Store(true)
	clients.Wait()
	version := "00000000001e" // 30
	if _, _, about := b.ask(t, "GET", testPath, nil, nil); !strings.Contains(about, `"versions":["`+version+`"]`) {
		t.Error(about)
	}
	if status, _, _ := b.ask(t, "GET", testPath+"/versions/"+version+"/ready", nil, nil); status != 200 {
		t.Error(status)
	}
	if _, err := c.ModelReady(t.Context(), &inferencepb.ModelReadyRequest{Name: testName, Version: "1"}); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
}

// identityOf returns an identity whose version shows the number.
func identityOf(number int) (id wire.Identity) {
	binary.BigEndian.PutUint16(id[4:], uint16(number))
	return id
}

func numberOf(version string) float32 {
	var number int
	for _, digit := range version {
		number = 16*number + strings.IndexRune("0123456789abcdef", digit)
	}
	return float32(number)
}

// large is a model of which one can see that it is gone.
type large struct {
	twice
	_ [1 << 16]byte
}

func (m *large) NewScorer() batcher.Scorer { return m }

// TestModelBeforeGoes: after a reload nothing refers to the model before, although no request comes.
func TestModelBeforeGoes(t *testing.T) {
	m := &large{}
	b := start(t, m)
	gone := weak.Make(m)
	m = nil
	for range 3 {
		if status, _, _ := b.ask(t, "POST", testPath+"/infer", length("0"), make([]byte, 12)); status != 200 {
			t.Fatal(status)
		}
	}
	if gone.Value() == nil {
		t.Error("the model went too early")
	}
	rawtest.Check(t, b.of.Reload(t.Context(), twice{1}, identityOf(1)))
	rawtest.Until(t, "the model before goes", func() bool {
		runtime.GC()
		return gone.Value() == nil
	})
}
