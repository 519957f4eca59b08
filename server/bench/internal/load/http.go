package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/oip"
	"github.com/disrust/disrust/wire"
)

// HTTPBinary drives an HTTP server with packed rows. HTTP/1.1 in package net/http does not
// pipeline, so each request in flight takes a connection: there are Conns times Window of
// them, kept alive.
func HTTPBinary(ctx context.Context, c Config) (sample.Total, error) {
	encode := func(rows []float32) ([]byte, error) { return binary.Append(nil, binary.LittleEndian, rows) }
	return overHTTP(ctx, c, "/score", "application/octet-stream", encode, decodeBinary)
}

// HTTPJSON is like HTTPBinary, but with JSON of the Open Inference Protocol. It encodes the
// requests before the loop, which spares the generator.
func HTTPJSON(ctx context.Context, c Config) (sample.Total, error) {
	encode := func(rows []float32) ([]byte, error) { return json.Marshal(oip.NewRequest(rows, wire.DefaultDim)) }
	return overHTTP(ctx, c, oip.Path, "application/json", encode, decodeJSON)
}

// decode returns the scores in a body. It may store them in dst.
type decode func(dst []float32, body []byte) ([]float32, error)

func decodeBinary(dst []float32, body []byte) ([]float32, error) {
	dst = append(dst[:0], make([]float32, len(body)/4)...)
	_, err := binary.Decode(body, binary.LittleEndian, dst)
	return dst, err
}

func decodeJSON(_ []float32, body []byte) ([]float32, error) {
	var r oip.Response
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	if len(r.Outputs) != 1 || r.Outputs[0].Datatype != oip.FP32 {
		return nil, fmt.Errorf("the answer does not have exactly one output of %s", oip.FP32)
	}
	return r.Outputs[0].Data, nil
}

func overHTTP(ctx context.Context, c Config, path, kind string, encode func([]float32) ([]byte, error), decode decode) (sample.Total, error) {
	conns := c.Conns * c.Window
	transport := &http.Transport{MaxIdleConns: conns, MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns, DisableCompression: true}
	defer transport.CloseIdleConnections()
	asked, err := questions(c.Vectors, encode)
	if err != nil {
		return sample.Total{}, err
	}
	client := &http.Client{Transport: transport}
	p := plan{workers: c.Window, depth: 1, questions: asked}
	p.open = func(ctx context.Context, _ int) (talk, error) {
		return &posts{ctx: ctx, client: client, url: "http://" + c.Addr + path, kind: kind, decode: decode}, nil
	}
	return p.run(ctx, c)
}

// posts is a worker that sends POST requests. It sends each one when it awaits the answer.
type posts struct {
	ctx       context.Context
	client    *http.Client
	url, kind string
	decode    decode
	body      bytes.Buffer
	scores    []float32
}

func (*posts) ask(*question) error { return nil }

func (t *posts) answer(q *question) error {
	if err := t.post(q.body); err != nil {
		return fmt.Errorf("not answered: %w", err)
	}
	var err error
	if t.scores, err = t.decode(t.scores, t.body.Bytes()); err != nil {
		return fmt.Errorf("answered wrongly: %w", err)
	}
	return q.verify(t.scores)
}

// post sends one request, and leaves the answer's body in t.body.
func (t *posts) post(body []byte) error {
	request, err := http.NewRequestWithContext(t.ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", t.kind)
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	t.body.Reset()
	if _, err := t.body.ReadFrom(response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s: %q", response.Status, t.body.Bytes()[:min(t.body.Len(), 200)])
	}
	return nil
}
