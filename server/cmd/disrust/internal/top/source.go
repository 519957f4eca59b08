package top

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/admin"
)

const (
	unixPrefix = "unix:"

	patience  = 5 * time.Second
	mostBytes = 16 << 20 // of an answer: many times what a server with 256 threads says
)

// source reads the admin port of one server.
type source struct {
	addr     string // host:port or unix:PATH
	client   http.Client
	patience time.Duration // with a whole reading: the server may be busy, or stopped
}

func newSource(addr string) *source {
	network, target := "tcp", addr
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		network, target = "unix", path
	}
	return &source{addr: addr, patience: patience, client: http.Client{
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, target)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// sample is what a server said at one moment.
type sample struct {
	at     time.Time // when Status had arrived
	status admin.Status
	stages admin.AllStages
}

// read asks the server. It returns an error for people if there is none, or if what answers is no admin port.
func (s *source) read(ctx context.Context) (now sample, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	if err := s.get(ctx, "/status", &now.status); err != nil {
		return now, err
	}
	now.at = time.Now()
	return now, s.get(ctx, "/stages", &now.stages)
}

// get decodes the JSON at a path.
func (s *source) get(ctx context.Context, path string, to any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.host()+path, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", s.addr, err)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", s.addr, s.cause(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s with %s: %s", s.addr, path, flags.OneLine(answer.Status), refusal(answer.Body))
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, mostBytes)).Decode(to); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", s.addr, s.cause(err))
	} else if err != nil {
		return fmt.Errorf("%s answers %s with something else than an admin port of disrust does: %w", s.addr, path, err)
	}
	return nil
}

// refusal returns what an admin port says of a request that it refuses.
func refusal(body io.Reader) string {
	var said struct{ Error string }
	if err := json.NewDecoder(io.LimitReader(body, mostBytes)).Decode(&said); err != nil || said.Error == "" {
		return "it is no admin port of disrust"
	}
	return said.Error
}

// host is what the server is told that it is called. Over loopback an admin port takes addresses and localhost only.
func (s *source) host() string {
	if strings.HasPrefix(s.addr, unixPrefix) {
		return "localhost"
	}
	return s.addr
}

// cause leaves out of an error of net/http what the caller says itself.
func (s *source) cause(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", s.patience)
	}
	if wrapper := (*url.Error)(nil); errors.As(err, &wrapper) {
		err = wrapper.Err
	}
	if wrapper := (*net.OpError)(nil); errors.As(err, &wrapper) {
		err = wrapper.Err
	}
	return err
}
