//go:build linux && libraries

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestTriton has tritonclient score rows over HTTP and gRPC, with threads and with asyncio, and compares the bits
// with those of disrust-client. It needs python3 with numpy and tritonclient[http,grpc]:
//
//	go test -tags libraries -run Triton ./server/cmd/disrust
func TestTriton(t *testing.T) { compareOIP(t, "triton.py") }

// TestKServe is TestTriton with KServe's clients. It needs python3 with numpy and kserve.
func TestKServe(t *testing.T) { compareOIP(t, "kserve.py") }

// TestTritonPage runs the program of oip's page.
func TestTritonPage(t *testing.T) {
	overHTTP, _ := oipOf(t, start(t, "--dim", "4", "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0"))
	program := strings.ReplaceAll(python(t, root+"/server/oip/README.md", 1)[0], "127.0.0.1:8000", overHTTP)
	if said := ended(t, exec.Command("python3", "-c", program)); strings.Count(said, "[4.]") < 3 {
		t.Error(said)
	}
}

func compareOIP(t *testing.T, script string) {
	tool, err := builtClient()
	rawtest.Check(t, err)
	for name, flags := range map[string][]string{
		"one output": {"--model", "one=" + modelA}, "four outputs": {"--model", "four=" + fourClasses},
	} {
		t.Run(name, func(t *testing.T) {
			d := daemontest.Start(t, append([]string{daemon, "--port", "0", "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0"}, flags...)...)
			overHTTP, overGRPC := oipOf(t, d)
			model, file, _ := strings.Cut(flags[1], "=")
			rows, err := filepath.Abs(filepath.Join(filepath.Dir(file), "rows.npy"))
			rawtest.Check(t, err)
			scores := filepath.Join(t.TempDir(), "scores.npy")
			ended(t, exec.Command(tool, "--port", d.Port(), "score", rows, "--out", scores))
			said, err := exec.Command("python3", "../../oip/testdata/"+script, overHTTP, overGRPC, model, rows, scores).CombinedOutput()
			if err != nil || !strings.Contains(string(said), " checks with ") {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}
