//go:build linux

package main

import (
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
)

const regression = lightgbmModels + "/lgb_regression/model.txt" // dim 8

// TestModelRefused: a model that cannot be served is refused with one sentence that says what to
// do, by the daemon and by its plan.
func TestModelRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, zipped, pickle, empty, latin := dir+"/pipe", dir+"/m.txt.gz", dir+"/m.pkl", dir+"/empty", dir+"/f\xfcr.txt"
	rawtest.Check(t, syscall.Mkfifo(pipe, 0o600))
	rawtest.Check(t, os.WriteFile(pickle, []byte("\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00}\x94."), 0o600))
	rawtest.Check(t, os.WriteFile(empty, nil, 0o600))
	compress(t, regression, zipped)
	copyFile(t, regression, latin)
	for _, test := range []struct {
		args   []string
		status int
		parts  string // what the sentence must contain, separated by commas
	}{
		{[]string{regression, "--output", "class"}, environment, "model.txt,class,regression"},
		{[]string{regression, "--iterations", "best"}, environment, "model.txt,best"},
		{[]string{regression, "--iterations", "9"}, environment, "model.txt,9 iterations,8"},
		{[]string{regression, "--dim", "9"}, usage, "--dim 9,dim 8"},
		{[]string{regression, "--max-vectors", "65535", "--pool-mib", "1"}, usage, "raise --pool-mib to 2"},
		{[]string{labels, "--iterations", "3"}, environment, "model.onnx,an ONNX file does not say which trees belong to an iteration"},
		{[]string{labels, "--dim", "9"}, usage, "--dim 9,dim 2"},
		{[]string{onnxModels + "/onnx_one/model.onnx", "--output", "class"}, environment, "model.onnx,class,outputs of labels"},
		{[]string{onnxModels + "/refuse/operator.onnx"}, environment, "operator.onnx,the operator is not supported"},
		{[]string{dir + "/none.txt"}, environment, "none.txt: no such file,built-in model is sum"},
		{[]string{"fraud=" + dir + "/none.txt"}, environment, dir + "/none.txt: no such file"},
		{[]string{dir + "/new\nline"}, environment, `new\nline: no such file`},
		{[]string{dir}, environment, dir + ": a directory"},
		{[]string{pipe}, environment, pipe + ": no regular file,copy"},
		{[]string{"/dev/null"}, environment, "/dev/null: no regular file"},
		{[]string{pickle}, environment, "m.pkl: a Python pickle,save_model"},
		{[]string{zipped}, environment, "m.txt.gz: compressed with gzip,decompress"},
		{[]string{empty}, environment, "empty: the file is empty"},
		{[]string{daemon}, environment, "neither a text model of LightGBM,XGBoost,CatBoost,nor ONNX,nor CatBoost's .cbm"},
		{[]string{latin}, usage, `f\xfcr,UTF-8,NAME=FILE`},
		{[]string{longName + "n=" + regression}, usage, "nn,255 bytes,NAME=FILE"},
		{[]string{"fraud="}, usage, "--model,fraud=,NAME=FILE"},
		{[]string{"sum", "--output", "raw", "--iterations", "2"}, usage, "--output and --iterations,sum,--model"},
	} {
		args := append([]string{"--port", "0", "--model"}, test.args...)
		parts := strings.Split(test.parts, ",")
		wantRefused(t, test.status, args, parts...)
		wantRefused(t, test.status, append(args, "--plan"), parts...)
	}
}

func compress(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	rawtest.Check(t, err)
	file, err := os.Create(to)
	rawtest.Check(t, err)
	w := gzip.NewWriter(file)
	_, err = w.Write(data)
	rawtest.Check(t, errors.Join(err, w.Close(), file.Close()))
}

// TestLatinNameIsServed: with a name of its own a file is served whose name is not UTF-8.
func TestLatinNameIsServed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f\xfcr.txt")
	copyFile(t, regression, file)
	if got := connect(t, start(t, "--model", "fuer="+file)).Servers()[0].ModelName; got != "fuer" {
		t.Errorf("the model's name is %q", got)
	}
}

// TestSignalDuringLoad: a signal does not wait for a model that takes long to load.
func TestSignalDuringLoad(t *testing.T) {
	loading, goOn := make(chan struct{}), make(chan struct{})
	defer close(goOn)
	ctx, signal := context.WithCancel(t.Context())
	go func() {
		<-loading
		signal()
	}()
	err := awaitLoad(ctx, func() error {
		close(loading)
		<-goOn
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	broken := errors.New("broken")
	if err := awaitLoad(t.Context(), func() error { return broken }); err != broken {
		t.Errorf("%v is returned for a load that fails", err)
	}
}
