package oip

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/oip/internal/inferencepb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// bridge is a server with both ports of the protocol.
type bridge struct {
	*Server
	of   *server.Server
	http string // its address
	grpc string
}

const testDim, testOutputs, testName = 3, 2, "a model/ü"

// twice gives two scores per row: the sum of the features, and the same times the number of the model.
type twice struct{ number float32 }

func (m twice) Shape() batcher.Shape      { return batcher.Shape{Dim: testDim, Outputs: testOutputs} }
func (m twice) NewScorer() batcher.Scorer { return m }

func (m twice) Score(rows []float32, dim int, out []float32) error {
	for i := range len(out) / testOutputs {
		row := rows[i*dim:][:dim]
		sum := row[0] + row[1] + row[2]
		out[2*i], out[2*i+1] = sum, sum*m.number
	}
	return nil
}

// start serves a model on free ports. change may change the Server before its ports open.
func start(t testing.TB, m batcher.Model, change ...func(*Server)) *bridge {
	t.Helper()
	cfg := server.DefaultConfig()
	cfg.Port, cfg.Model, cfg.ModelName, cfg.MaxVectors, cfg.IOThreads = 0, m, testName, 4, 1
	cfg.MaxConns, cfg.PoolBytes, cfg.RequestRing, cfg.ResponseRing = 64, 1<<16, 64, 64
	cfg.Log = slog.New(slog.DiscardHandler)
	of, err := server.Start(t.Context(), cfg)
	rawtest.Check(t, err)
	b := &bridge{Server: New(Config{Source: of, Log: cfg.Log}), of: of}
	for _, c := range change {
		c(b.Server)
	}
	b.http, b.grpc = serveOn(t, b.ServeHTTP), serveOn(t, b.ServeGRPC)
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		b.Shutdown(now)
		rawtest.Check(t, of.Shutdown(context.Background()))
	})
	return b
}

func serveOn(t testing.TB, serve func(net.Listener)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	rawtest.Check(t, err)
	serve(l)
	return l.Addr().String()
}

const testPath = "/v2/models/a%20model%2F%C3%BC"

// ask sends a request of HTTP.
func (b *bridge) ask(t testing.TB, method, path string, headers map[string]string, body []byte) (status int, header http.Header, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+b.http+path, bytes.NewReader(body))
	rawtest.Check(t, err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w, err := http.DefaultClient.Do(r)
	rawtest.Check(t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	rawtest.Check(t, err)
	return w.StatusCode, w.Header, string(text)
}

// dial returns a client of gRPC.
func (b *bridge) dial(t testing.TB, o ...grpc.DialOption) inferencepb.GRPCInferenceServiceClient {
	t.Helper()
	return inferencepb.NewGRPCInferenceServiceClient(b.connect(t, o...))
}

func (b *bridge) connect(t testing.TB, o ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	c, err := grpc.NewClient("passthrough:///"+b.grpc, append(o, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	rawtest.Check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// jsonRequest returns a request with rows as JSON.
func jsonRequest(data string, rows int) []byte {
	return fmt.Appendf(nil, `{"inputs":[{"name":"features","datatype":"FP32","shape":[%d,%d],"data":%s}]}`, rows, testDim, data)
}

func allowing(ranges ...string) func(*Server) {
	return func(s *Server) {
		for _, r := range ranges {
			s.allow = append(s.allow, netip.MustParsePrefix(r))
		}
	}
}
