//go:build linux

package main

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/daemontest"
)

var disrust string // the daemon, as the tests of the other folders build it

func TestMain(m *testing.M) {
	os.Exit(daemontest.Main(m, &disrust))
}

// example is a model, with rows and what LightGBM says of them.
const example = "../../batcher/forest/lightgbm/testdata/lgb_binary/"

// scores asks the server at addr for the rows of the example, and compares its answers.
func scores(t *testing.T, addr string) {
	t.Helper()
	c, err := client.Dial(t.Context(), client.Config{Addrs: []string{addr}})
	check(t, err)
	defer c.Close()
	rows, want := floats(t, example+"rows.npy"), floats(t, example+"prob.npy")
	got := make([]float32, len(want))
	for at := range got { // one row a request
		dim := len(rows) / len(want)
		check(t, c.Score(t.Context(), got[at:at+1], rows[at*dim:(at+1)*dim]))
		if distance := math.Abs(float64(got[at]) - float64(want[at])); distance > 1e-6 {
			t.Fatalf("row %d scores %v, want %v", at, got[at], want[at])
		}
	}
}

func floats(t *testing.T, file string) []float32 {
	t.Helper()
	array, err := rowfile.OpenArray(file)
	check(t, err)
	defer array.Close()
	numbers := int64(1)
	for _, size := range array.Shape {
		numbers *= size
	}
	values := make([]float32, numbers)
	check(t, array.Next(values))
	return values
}

// status is what the admin port says of a daemon.
type status struct {
	State     string
	Flags     map[string]string
	IO        struct{ Backend, Reason string }
	MostBytes uint64 `json:"most_bytes"`
	Model     struct{ Name, Identity string }
}

// ask returns what the admin port says, which is at host:port or at the path of a socket.
func ask(t *testing.T, admin string) (s status) {
	t.Helper()
	body, code := get(t, admin, "/status")
	if code != http.StatusOK {
		t.Fatalf("/status: %d %s", code, body)
	}
	check(t, json.Unmarshal(body, &s))
	return s
}

func get(t *testing.T, admin, path string) (body []byte, code int) {
	t.Helper()
	network := "tcp"
	if filepath.IsAbs(admin) {
		network = "unix"
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, admin)
	}
	transport := &http.Transport{DialContext: dial}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://localhost" + path)
	check(t, err)
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	check(t, err)
	return body, response.StatusCode
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
