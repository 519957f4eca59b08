package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/oip"
	"github.com/disrust/disrust/wire"
)

// form is how requests and answers look.
type form struct {
	path, kind string
	header     map[string]string // more headers of each request
	encode     func(rows []float32) ([]byte, error)
	decode     decode
}

// decode returns the scores in a body. It may store them in dst.
type decode func(dst []float32, header http.Header, body []byte) ([]float32, error)

// HTTPBinary drives an HTTP server with packed rows. HTTP/1.1 in package net/http does not
// pipeline, so each request in flight takes a connection: there are Conns times Window of
// them, kept alive.
func HTTPBinary(ctx context.Context, c Config) (sample.Total, error) {
	return overHTTP(ctx, c, form{path: "/score", kind: "application/octet-stream", encode: pack, decode: decodeBinary})
}

// HTTPJSON is like HTTPBinary, but with JSON of the Open Inference Protocol. It encodes the
// requests before the loop, which spares the generator.
func HTTPJSON(ctx context.Context, c Config) (sample.Total, error) { return inferJSON(ctx, c, oip.Sum) }

// OIPJSON is like HTTPJSON, for a model with the name model.
func OIPJSON(ctx context.Context, c Config) (sample.Total, error) {
	return inferJSON(ctx, c, modelName)
}

// modelName is the name of a model from a file in servers that name their models.
const modelName = "model"

func inferJSON(ctx context.Context, c Config, model string) (sample.Total, error) {
	encode := func(rows []float32) ([]byte, error) { return json.Marshal(oip.NewRequest(rows, wire.DefaultDim)) }
	return overHTTP(ctx, c, form{path: oip.Path(model), kind: "application/json", encode: encode, decode: decodeOIP})
}

// RowsJSON is like HTTPJSON, with rows as lists in an object of JSON, and scores as a list.
func RowsJSON(ctx context.Context, c Config) (sample.Total, error) {
	encode := func(rows []float32) ([]byte, error) {
		lists := slices.Collect(slices.Chunk(rows, wire.DefaultDim))
		return json.Marshal(map[string]any{"rows": lists})
	}
	return overHTTP(ctx, c, form{path: "/score", kind: "application/json", encode: encode, decode: decodeList})
}

func pack(rows []float32) ([]byte, error) { return binary.Append(nil, binary.LittleEndian, rows) }

func decodeBinary(dst []float32, _ http.Header, body []byte) ([]float32, error) {
	dst = append(dst[:0], make([]float32, len(body)/4)...)
	_, err := binary.Decode(body, binary.LittleEndian, dst)
	return dst, err
}

func decodeList(dst []float32, _ http.Header, body []byte) ([]float32, error) {
	dst = dst[:0]
	err := json.Unmarshal(body, &dst)
	return dst, err
}

func decodeOIP(_ []float32, _ http.Header, body []byte) ([]float32, error) {
	var r oip.Response
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	if len(r.Outputs) != 1 || r.Outputs[0].Datatype != oip.FP32 && r.Outputs[0].Datatype != oip.FP64 {
		return nil, fmt.Errorf("the answer does not have exactly one output of %s or %s", oip.FP32, oip.FP64)
	}
	return r.Outputs[0].Data, nil
}

func overHTTP(ctx context.Context, c Config, f form) (sample.Total, error) {
	conns := c.Conns * c.Window
	transport := &http.Transport{MaxIdleConns: conns, MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns, DisableCompression: true}
	defer transport.CloseIdleConnections()
	asked, err := c.questions(f.encode)
	if err != nil {
		return sample.Total{}, err
	}
	client := &http.Client{Transport: transport}
	p := plan{workers: c.Window, depth: 1, questions: asked}
	p.open = func(ctx context.Context, _ int) (talk, error) {
		return &posts{ctx: ctx, client: client, url: "http://" + c.Addr + f.path, form: f}, nil
	}
	return p.run(ctx, c)
}

// posts is a worker that sends POST requests. It sends each one when it awaits the answer.
type posts struct {
	form
	ctx    context.Context
	client *http.Client
	url    string
	body   bytes.Buffer
	scores []float32
}

func (*posts) ask(*question) error { return nil }

func (t *posts) answer(q *question) error {
	header, err := t.post(q.body)
	if err != nil {
		return fmt.Errorf("not answered: %w", err)
	}
	if t.scores, err = t.decode(t.scores, header, t.body.Bytes()); err != nil {
		return fmt.Errorf("answered wrongly: %w", err)
	}
	return q.verify(t.scores)
}

// post sends one request. It leaves the answer's body in t.body and returns its header.
func (t *posts) post(body []byte) (http.Header, error) {
	request, err := http.NewRequestWithContext(t.ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", t.kind)
	for name, value := range t.header {
		request.Header.Set(name, value)
	}
	response, err := t.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	t.body.Reset()
	if _, err := t.body.ReadFrom(response.Body); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s: %q", response.Status, t.body.Bytes()[:min(t.body.Len(), 200)])
	}
	return response.Header, nil
}
