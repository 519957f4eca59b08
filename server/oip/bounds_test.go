package oip

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// odd is a model that fails in the way that the first feature asks for.
type odd struct {
	twice
	entered chan struct{} // gets an element when a call waits, unless it is full
	leave   chan struct{} // ends the wait
	rows    *atomic.Int64 // scored
}

const fine, fails, panics, exits, waits = 0, 101, 102, 103, 104

func newOdd() odd {
	return odd{twice{}, make(chan struct{}, 100), make(chan struct{}), new(atomic.Int64)}
}

func (m odd) NewScorer() batcher.Scorer { return m }

func (m odd) Score(rows []float32, dim int, out []float32) error {
	m.rows.Add(int64(len(out) / testOutputs))
	switch rows[0] {
	case fails:
		return errors.New("no score for you")
	case panics:
		panic("the model has bugs")
	case exits:
		runtime.Goexit()
	case waits:
		select {
		case m.entered <- struct{}{}:
		default: // nobody asks for so many
		}
		<-m.leave
	}
	return m.twice.Score(rows, dim, out)
}

// TestModelFails: a model that fails, panics or ends its goroutine fails the request, and the next one is scored.
func TestModelFails(t *testing.T) {
	m := newOdd()
	said := new(strings.Builder) // the handler locks, and no request is open when it is read
	b := start(t, m, func(s *Server) { s.log = slog.New(slog.NewTextHandler(said, nil)); s.scoring.log = s.log })
	c := b.dial(t)
	for _, how := range []float32{fails, panics, exits, fine} {
		status1, _, answer := b.ask(t, "POST", testPath+"/infer", nil, jsonRequest(fmt.Sprintf("[%v,0,0]", how), 1))
		_, err := c.ModelInfer(t.Context(), raw(1, []float32{how, 0, 0}))
		if how == fine {
			if status1 != 200 || err != nil {
				t.Error(status1, answer, err)
			}
			continue
		}
		if status1 != 500 || answer != `{"error":"the model failed for this request"}`+"\n" || status.Code(err) != codes.Internal {
			t.Error(how, status1, answer, err)
		}
	}
	for _, line := range []string{"no score for you", "the model has bugs", "stack="} {
		if strings.Count(said.String(), line) < 2 {
			t.Errorf("the log does not say %q twice: %s", line, said)
		}
	}
}

// TestFloodOfFailures: requests for which the model fails fill no log.
func TestFloodOfFailures(t *testing.T) {
	said := new(strings.Builder)
	s := New(Config{Log: slog.New(slog.NewTextHandler(said, nil))})
	served := testServed
	served.Model = newOdd()
	const failures, most = 250, 100
	for range failures {
		if err := s.scoring.score(t.Context(), &served, []float32{fails, 0, 0}, make([]float32, testOutputs)); failureOf(err).kind != failed {
			t.Fatal(err)
		}
	}
	if lines := strings.Count(said.String(), "no score for you"); lines != most {
		t.Errorf("%d lines, want %d", lines, most)
	}
	s.Shutdown(t.Context())
	if more := fmt.Sprintf("more=%d", failures-most); !strings.Contains(said.String(), more) {
		t.Errorf("the log does not say %s", more)
	}
}

// TestClientLeaves: when the client has left, the parts that are left are not scored.
func TestClientLeaves(t *testing.T) {
	const rows = 8000
	features := make([]float32, rows*testDim)
	for i := range features {
		features[i] = waits
	}
	for name, infer := range map[string]func(context.Context, *bridge) error{
		"gRPC": func(ctx context.Context, b *bridge) error {
			_, err := b.dial(t).ModelInfer(ctx, raw(rows, features))
			return err
		},
		"HTTP": func(ctx context.Context, b *bridge) error {
			r, err := http.NewRequestWithContext(ctx, "POST", "http://"+b.http+testPath+"/infer", strings.NewReader(string(floatsLE(features...))))
			rawtest.Check(t, err)
			r.Header.Set(lengthHeader, "0")
			_, err = new(http.Transport).RoundTrip(r)
			return err
		},
	} {
		m := newOdd()
		b := start(t, m)
		before := m.rows.Load() // the server has measured the model
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- infer(ctx, b) }()
		<-m.entered
		cancel()
		if err := <-ended; err == nil {
			t.Error(name, "was answered")
		}
		rawtest.Until(t, "the request has ended", func() bool { // the server learns from the connection that the client has left
			select {
			case m.leave <- struct{}{}: // one part more
			default:
			}
			return b.failed() == 1
		})
		if scored := m.rows.Load() - before; scored >= rows {
			t.Errorf("%s: all %d rows were scored", name, scored)
		}
	}
}

// failed returns how many requests for scores have failed.
func (b *bridge) failed() uint64 {
	return b.Server.http.failures.Load() + b.Server.grpc.failures.Load()
}

// TestSlowBody: a client that does not finish its request in time loses its connection, and its room comes back.
func TestSlowBody(t *testing.T) {
	impatient := func(s *Server) { s.waits.body = 20 * time.Millisecond }
	b := start(t, twice{2}, impatient)
	for range 3 {
		c, err := rawtest.Dial(b.http)
		rawtest.Check(t, err)
		defer c.Close()
		rawtest.Check(t, c.Send(fmt.Appendf(nil, "POST %s/infer HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\nhalf", testPath, MaxRequestBytes)))
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), "not finished in time") {
			t.Errorf("%v: %s", err, answer)
		}
	}
	// A compressed text may end before its body does.
	packed := new(bytes.Buffer)
	w := zlib.NewWriter(packed)
	w.Write([]byte(goodRow + "}"))
	rawtest.Check(t, w.Close())
	c, err := rawtest.Dial(b.http)
	rawtest.Check(t, err)
	defer c.Close()
	rawtest.Check(t, c.Send(fmt.Appendf(nil, "POST %s/infer HTTP/1.1\r\nHost: h\r\nContent-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", testPath, packed.Len(), packed)))
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("%v: %s", err, answer)
	}

	g := b.connect(t)
	for range maxCalls + 1 {
		for _, method := range []string{inferencepb.GRPCInferenceService_ModelInfer_FullMethodName, inferencepb.GRPCInferenceService_ServerLive_FullMethodName, grpc_health_v1.Health_Check_FullMethodName} {
			stream, err := g.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, method)
			rawtest.Check(t, err)
			if err := stream.RecvMsg(&inferencepb.ModelInferResponse{}); status.Code(err) != codes.DeadlineExceeded {
				t.Error(method, err)
			}
		}
	}
	rawtest.Until(t, "both ports answer", func() bool { // in their short time
		status, _, _ := b.ask(t, "POST", testPath+"/infer", nil, []byte(goodRow+"}"))
		_, err := b.dial(t).ModelInfer(t.Context(), raw(1, []float32{1, 2, 3}))
		return status == 200 && err == nil
	})
}

// good expects that both ports answer.
func (b *bridge) good(t *testing.T) {
	t.Helper()
	status, _, answer := b.ask(t, "POST", testPath+"/infer", nil, []byte(goodRow+"}"))
	_, err := b.dial(t).ModelInfer(t.Context(), raw(1, []float32{1, 2, 3}))
	if status != 200 || err != nil {
		t.Error(status, answer, err)
	}
}

// TestNoRoom: while requests take all room, others wait, and are refused when that takes too long. Then there is room
// again.
func TestNoRoom(t *testing.T) {
	b := start(t, twice{2}, func(s *Server) { s.waits.room = 200 * time.Millisecond })
	var hold []net.Conn
	for range roomBytes / MaxRequestBytes {
		c, err := net.Dial("tcp", b.http)
		rawtest.Check(t, err)
		defer c.Close()
		fmt.Fprintf(c, "POST %s/infer HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\nhalf", testPath, MaxRequestBytes)
		hold = append(hold, c)
	}
	ask := func() int {
		status, _, _ := b.ask(t, "POST", testPath+"/infer", nil, []byte(goodRow+"}"))
		return status
	}
	rawtest.Until(t, "there is no room", func() bool { return ask() == 503 })
	for _, c := range hold {
		c.Close()
	}
	rawtest.Until(t, "there is room", func() bool { return ask() == 200 })

	g := b.connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	for range roomBytes / MaxRequestBytes {
		_, err := g.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, inferencepb.GRPCInferenceService_ModelInfer_FullMethodName)
		rawtest.Check(t, err)
	}
	c := b.dial(t)
	code := func() codes.Code {
		_, err := c.ModelInfer(t.Context(), raw(1, []float32{1, 2, 3}))
		return status.Code(err)
	}
	rawtest.Until(t, "there is no room", func() bool { return code() == codes.Unavailable })
	cancel()
	rawtest.Until(t, "there is room", func() bool { return code() == codes.OK })
}

// TestRoomComesBack: the largest requests one after the other, more of them than there is room for at once, and as
// many that are refused.
func TestRoomComesBack(t *testing.T) {
	b := start(t, twice{2}, func(s *Server) { s.waits.room = 20 * time.Millisecond })
	c := b.dial(t)
	const rows = MaxAnswerBytes / (floatBytes * testOutputs)
	body := make([]byte, floatBytes*testDim*rows)
	q := raw(rows, make([]float32, testDim*rows))
	for i := range 2*roomBytes/len(body) + 2 {
		bad := i % 2
		status1, _, _ := b.ask(t, "POST", testPath+"/infer", length("0"), body[bad:])
		q.Inputs[0].Shape[0] = int64(rows - bad)
		_, err := c.ModelInfer(t.Context(), q, grpc.MaxCallRecvMsgSize(MaxRequestBytes))
		if status1 != []int{200, 400}[bad] || status.Code(err) != []codes.Code{codes.OK, codes.InvalidArgument}[bad] {
			t.Errorf("request %d: %d, %v", i, status1, err)
		}
	}
}

// TestLongNames: what a client sends is repeated to it, and kept, only so far.
func TestLongNames(t *testing.T) {
	b := start(t, twice{2})
	long := strings.Repeat("\x7f", MaxRequestBytes/2)
	const most = 1000 // bytes of an answer
	for _, body := range []string{
		strings.Replace(goodRow, "features", long, 1), strings.Replace(goodRow, "FP32", long, 1),
		goodRow + `,"outputs":[{"name":"` + long + `"}]`, goodRow + `,"id":"` + long + `"`,
	} {
		if status, _, answer := b.ask(t, "POST", testPath+"/infer", nil, []byte(body+"}")); status != 400 || len(answer) > most {
			t.Errorf("%d, %d bytes", status, len(answer))
		}
	}
	c := b.dial(t)
	for _, change := range []func(*inferencepb.ModelInferRequest){
		func(q *inferencepb.ModelInferRequest) { q.ModelName = long },
		func(q *inferencepb.ModelInferRequest) { q.ModelVersion = long },
		func(q *inferencepb.ModelInferRequest) { q.Id = long },
		func(q *inferencepb.ModelInferRequest) { q.Inputs[0].Name = long },
		func(q *inferencepb.ModelInferRequest) { q.Inputs[0].Datatype = long },
	} {
		q := raw(1, []float32{1, 2, 3})
		change(q)
		if _, err := c.ModelInfer(t.Context(), q); err == nil || len(err.Error()) > most {
			t.Error("answered, or with a long error")
		}
	}
	if _, err := c.ModelReady(t.Context(), &inferencepb.ModelReadyRequest{Name: long}); err == nil || !strings.Contains(err.Error(), "at most 4096 are allowed") {
		t.Error(err)
	}
}

// TestAllow: the ports serve the peers that the server serves.
func TestAllow(t *testing.T) {
	start(t, twice{2}, allowing("127.0.0.0/8", "fd00::/8")).good(t)
	b := start(t, twice{2}, allowing("10.0.0.0/8"))
	if _, err := http.Get("http://" + b.http + "/v2"); err == nil {
		t.Error("a peer that is not allowed is served")
	}
	if _, err := b.dial(t).ModelInfer(t.Context(), raw(1, []float32{1, 2, 3})); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
}

// TestShutdown: requests that are on their way are answered, and no goroutine is left behind.
func TestShutdown(t *testing.T) {
	m := newOdd()
	b := start(t, m, func(s *Server) { s.scoring.turns = make(chan struct{}, 2) }) // both at once, also on one CPU
	before := runtime.NumGoroutine()
	g := b.connect(t)
	ended := make(chan error, 2)
	go func() {
		_, err := inferencepb.NewGRPCInferenceServiceClient(g).ModelInfer(t.Context(), raw(1, []float32{waits, 2, 3}))
		ended <- err
	}()
	go func() {
		var err error
		if status, _, answer := b.ask(t, "POST", testPath+"/infer", nil, jsonRequest("[104,0,0]", 1)); status != 200 {
			err = errors.New(answer)
		}
		ended <- err
	}()
	<-m.entered
	<-m.entered
	down := make(chan struct{})
	go func() {
		defer close(down)
		b.Shutdown(t.Context())
	}()
	rawtest.Until(t, "the listeners are closed", func() bool { return isClosed(b.http) && isClosed(b.grpc) })
	m.leave <- struct{}{}
	m.leave <- struct{}{}
	for range 2 {
		rawtest.Check(t, <-ended)
	}
	rawtest.Check(t, g.Close())
	http.DefaultClient.CloseIdleConnections()
	<-down
	rawtest.Until(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before-2 }) // those of the ports are gone, too
}

func isClosed(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	return err != nil
}

// TestShutdownCut: a shutdown whose time is over closes the connections of requests that are on their way.
func TestShutdownCut(t *testing.T) {
	m := newOdd()
	b := start(t, m)
	ended := make(chan error, 1)
	go func() {
		_, err := b.dial(t).ModelInfer(t.Context(), raw(1, []float32{waits, 2, 3}))
		ended <- err
	}()
	<-m.entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Shutdown(ctx)
	if status.Code(<-ended) != codes.Unavailable {
		t.Error("the request was answered")
	}
	m.leave <- struct{}{}
}

// TestNotReady: a server that drains is not ready, and says so.
func TestNotReady(t *testing.T) {
	b := start(t, twice{2})
	c := b.dial(t)
	rawtest.Check(t, b.of.Shutdown(t.Context()))
	for _, path := range []string{"/v2/health/ready", testPath + "/ready"} {
		if status, _, answer := b.ask(t, "GET", path, nil, nil); status != 503 || !strings.Contains(answer, `"ready":false`) {
			t.Error(path, status, answer)
		}
	}
	if status, _, _ := b.ask(t, "GET", "/v2/health/live", nil, nil); status != 200 {
		t.Error(status)
	}
	ready, err := c.ServerReady(t.Context(), &inferencepb.ServerReadyRequest{})
	model, err2 := c.ModelReady(t.Context(), &inferencepb.ModelReadyRequest{Name: testName})
	if err != nil || err2 != nil || ready.Ready || model.Ready {
		t.Error(ready, model, err, err2)
	}
}
