package load

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/oip"
	"github.com/disrust/disrust/server/bench/internal/scorepb"
	"github.com/disrust/disrust/wire"
)

// server answers over gRPC and HTTP, unless it is silent. Its answer number wrong is wrong;
// with wrong 0, none is.
type server struct {
	scorepb.UnimplementedScorerServer
	wrong    int64
	silent   bool
	answered atomic.Int64
}

func (s *server) sums(ctx context.Context, rows []float32) []float32 {
	if s.silent {
		<-ctx.Done()
	}
	scores := make([]float32, len(rows)/wire.DefaultDim)
	for i, v := range rows {
		scores[i/wire.DefaultDim] += v
	}
	if s.answered.Add(1) == s.wrong {
		scores[len(scores)-1]++
	}
	return scores
}

func (s *server) Score(ctx context.Context, q *scorepb.ScoreRequest) (*scorepb.ScoreResponse, error) {
	return &scorepb.ScoreResponse{Scores: s.sums(ctx, q.Features)}, nil
}

func (s *server) ScoreStream(stream scorepb.Scorer_ScoreStreamServer) error {
	for {
		q, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := stream.Send(&scorepb.ScoreResponse{Scores: s.sums(stream.Context(), q.Features)}); err != nil {
			return err
		}
	}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == oip.Path(oip.Sum) {
		var q oip.Request
		if json.NewDecoder(r.Body).Decode(&q) == nil {
			json.NewEncoder(w).Encode(oip.NewResponse(s.sums(r.Context(), q.Inputs[0].Data)))
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	rows := make([]float32, len(body)/4)
	wire.CopyRows(rows, body)
	binary.Write(w, binary.LittleEndian, s.sums(r.Context(), rows))
}

// serveGRPC and serveHTTP run s until the test ends and return its address.
func serveGRPC(t *testing.T, s *server) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	scorepb.RegisterScorerServer(g, s)
	go g.Serve(listener)
	t.Cleanup(g.Stop)
	return listener.Addr().String()
}

func serveHTTP(t *testing.T, s *server) string {
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h.Listener.Addr().String()
}

var loops = []struct {
	name  string
	drive Func
	serve func(*testing.T, *server) string
}{
	{"unary", GRPCUnary, serveGRPC},
	{"stream", GRPCStream, serveGRPC},
	{"binary", HTTPBinary, serveHTTP},
	{"json", HTTPJSON, serveHTTP},
}

func config(addr string) Config {
	return Config{
		Addr: addr, Conns: 2, Window: 3, Vectors: 2, Duration: 30 * time.Millisecond, Stall: time.Minute,
		Begin: func() {}, End: func() {},
	}
}

func TestHonest(t *testing.T) {
	for _, l := range loops {
		s, marks := &server{}, ""
		c := config(l.serve(t, s))
		c.Begin, c.End = func() { marks += "begin " }, func() { marks += "end" }
		total, err := l.drive(t.Context(), c)
		if err != nil || marks != "begin end" {
			t.Fatalf("%s: %v, %q", l.name, err, marks)
		}
		if n := total.Requests; n < 1 || n > s.answered.Load() || total.Vectors != 2*n || total.Latency.TotalCount() != n {
			t.Errorf("%s: %d requests of %d, %d vectors, %d latencies", l.name, n, s.answered.Load(), total.Vectors, total.Latency.TotalCount())
		}
		if total.Length < c.Duration || !total.Valid {
			t.Errorf("%s: %v long, valid %v", l.name, total.Length, total.Valid)
		}
	}
}

// TestLiar: one wrong score ends the loop at once, and not after its duration of an hour.
func TestLiar(t *testing.T) {
	for _, l := range loops {
		c := config(l.serve(t, &server{wrong: 20}))
		c.Duration = time.Hour
		if _, err := l.drive(t.Context(), c); err == nil || !strings.Contains(err.Error(), "answered wrongly: score 2 of 2") {
			t.Errorf("%s: %v", l.name, err)
		}
	}
}

// TestSilent: the loop returns an error if the server gives no answer in time.
func TestSilent(t *testing.T) {
	for _, l := range loops {
		c := config(l.serve(t, &server{silent: true}))
		c.Stall = time.Millisecond
		if _, err := l.drive(t.Context(), c); err == nil {
			t.Errorf("%s: no error", l.name)
		}
	}
}

// TestGone: the loop returns an error if it cannot connect.
func TestGone(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	for _, l := range loops {
		if _, err := l.drive(t.Context(), config(listener.Addr().String())); err == nil {
			t.Errorf("%s: no error", l.name)
		}
	}
}

// TestInterrupted: when its context ends, a loop awaits the requests in flight and returns no
// error.
func TestInterrupted(t *testing.T) {
	for _, l := range loops {
		ctx, stop := context.WithCancel(t.Context())
		c := config(l.serve(t, &server{}))
		c.Warmup, c.Duration, c.Begin = time.Millisecond, time.Hour, stop
		if total, err := l.drive(ctx, c); err != nil || total.Latency == nil {
			t.Errorf("%s: %v", l.name, err)
		}
	}
}

// TestWarmup: an answer during the warm-up does not count. An answer after the warm-up counts
// even if its request was sent during it.
func TestWarmup(t *testing.T) {
	begin := time.Now()
	m := &meter{begin: begin, latency: sample.NewHistogram()}
	m.record(begin.Add(-3*time.Second), begin.Add(-time.Nanosecond))
	m.record(begin.Add(-time.Second), begin.Add(2*time.Second))
	m.record(begin, begin.Add(time.Hour)) // longer than a histogram holds
	m.record(begin, begin.Add(time.Second))
	got := total([]*meter{m, {begin: begin, latency: sample.NewHistogram()}}, 2)
	if got.Requests != 3 || got.Vectors != 6 || got.Length != time.Hour || got.Latency.Min() > int64(time.Second) {
		t.Errorf("the total is %+v", got)
	}
}

func TestVerify(t *testing.T) {
	list, err := (&Config{Vectors: 3}).questions(nil)
	if err != nil || len(list) != cycle {
		t.Fatal(len(list), err)
	}
	seen := map[float32]bool{}
	for i := range list {
		q := &list[i]
		if err := q.verify(q.scores); err != nil {
			t.Error(err)
		}
		for k, score := range q.scores {
			if seen[score] {
				t.Errorf("score %v occurs twice", score)
			}
			seen[score] = true
			wrong := append([]float32(nil), q.scores...)
			wrong[k] = -wrong[k]
			if q.verify(wrong) == nil {
				t.Error("a wrong score is right")
			}
		}
		if q.verify(q.scores[:2]) == nil || q.verify(nil) == nil || q.verify(append(q.scores, 1)) == nil {
			t.Error("a wrong count is right")
		}
	}
}

func TestDecodeJSON(t *testing.T) {
	for _, bad := range []string{"", "{}", `{"outputs":[]}`, `{"outputs":[{"datatype":"INT8","data":[1]}]}`, `{"outputs":[{"datatype":"FP32","data":["1"]}]}`} {
		if scores, err := decodeOIP(nil, nil, []byte(bad)); err == nil {
			t.Errorf("%q gives %v", bad, scores)
		}
	}
}
