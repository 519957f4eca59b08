//go:build linux

package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client/tools/readme"
	"github.com/disrust/disrust/server/cmd/disrust/internal/offline"
	"github.com/disrust/disrust/server/daemontest"
)

// TestPages runs every command line that the repository's pages show: the daemon on a port of the
// kernel's choice, until it is ready, and other commands to their end.
func TestPages(t *testing.T) {
	const words = "go run ./server/cmd/disrust"
	for _, command := range readme.Own(t, "../../..", "server/cmd/disrust") {
		t.Run(command, func(t *testing.T) {
			line := append([]string{daemon}, elsewhere(t, readme.Args(t, command, words))...)
			if line[1] == "top" { // of the daemon that the page before it has started
				line[slices.Index(line, "--admin")+1] = adminAddr(t, start(t, "--admin", "127.0.0.1:0").Process)
			}
			if slices.Contains(line, planCommand) || isOffline(line[1:]) {
				if _, stderr, status := daemontest.RunToEnd(t, line...); status != 0 || stderr != "" {
					t.Errorf("status %d, stderr %q", status, stderr)
				}
				return
			}
			d := daemontest.Start(t, line...)
			d.Signal(syscall.SIGTERM)
			if status := d.Status(t); status != 0 {
				t.Errorf("status %d, stderr %q", status, &d.Stderr)
			}
		})
	}
}

// TestPagesOIP runs the commands of the pages that ask a daemon by the Open Inference Protocol.
func TestPagesOIP(t *testing.T) {
	d := start(t, "--dim", "4", "--oip-http", "127.0.0.1:0", "--oip-grpc", "127.0.0.1:0")
	overHTTP, _ := oipOf(t, d)
	commands, says := readme.Own(t, "../../..", readme.OpenInference), []string{`"shape":[-1,4]`, `"data":[10,26]`, `"binary_data_size":8`}
	if len(commands) != len(says) {
		t.Fatalf("the pages show %q", commands)
	}
	for i, command := range commands {
		out, err := exec.Command("sh", "-c", strings.ReplaceAll(command, "127.0.0.1:8000", overHTTP)).CombinedOutput()
		if err != nil || !strings.Contains(string(out), says[i]) {
			t.Errorf("%s: %v, %q; want %s", command, err, out, says[i])
		}
	}
}

// files are the models that pages have a reader train, and their rows.
var files = strings.NewReplacer(
	"rows.npy", "../../../batcher/forest/lightgbm/testdata/lgb_binary/rows.npy",
	"rows.csv", "internal/score/testdata/rows.csv",
	"model.txt", "../../../batcher/forest/lightgbm/testdata/lgb_binary/model.txt",
	"model.onnx", "../../../batcher/onnx/testdata/onnx_classes/model.onnx",
	"model.json", "../../../batcher/forest/xgboost/testdata/xgb_logistic/model.json")

// elsewhere returns args with other places to listen on, which nobody else uses, and with models of
// the tests.
func elsewhere(t *testing.T, args []string) []string {
	for i, arg := range args {
		args[i] = files.Replace(arg)
	}
	if isOffline(args) {
		if at := slices.Index(args, "-o") + 1; at > 0 {
			args[at] = filepath.Join(t.TempDir(), args[at])
		}
		return args
	}
	places := strings.NewReplacer("9900", "0", "9901", "0", "/tmp/", t.TempDir()+string(filepath.Separator))
	beside := strings.NewReplacer("127.0.0.1:8000", "127.0.0.1:0", "127.0.0.1:8001", "127.0.0.1:0")
	changed := false
	for i, arg := range args {
		arg = beside.Replace(arg)
		args[i] = arg
		args[i] = places.Replace(arg)
		changed = changed || args[i] != arg
	}
	if changed || slices.Contains(args, planCommand) {
		return args
	}
	return append(args, "--port", "0")
}

// isOffline reports whether args are those of a command on a file.
func isOffline(args []string) bool { return offline.Find(first(args)) != nil }
