//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/wire"
)

// models is a folder that served/install.sh has made: a model, rows and their scores, and an
// environment of Python for each kind of server.
type models string

func (m models) file(name string) string { return filepath.Join(string(m), name) }

// remedy is what to do when something is missing in the folder.
const remedy = "server/bench/served/install.sh makes it"

// served are the servers that score with the model in m. The others are compared with disrust.
func (m models) served() []contender {
	cpus := strconv.Itoa(runtime.NumCPU())
	model := []string{"--model", m.file("model.txt")}
	return []contender{
		{name: "disrust", about: "the daemon of this repository", command: peer.Daemon, flags: model, drive: load.Wire, threads: true},
		{name: "disrust-sum", about: "the same with the sum of a row: what serving costs without a model", command: peer.Daemon, drive: load.Wire, threads: true, sum: true},
		{name: "c-epoll", about: "C on epoll, a thread per CPU, around LightGBM's C API for single rows; disrust's protocol", prepare: m.epoll(cpus), drive: load.Wire, threads: true},
		{name: "go-tcp", about: "Go's package net and the library leaves; disrust's protocol", command: peers + "gonet", flags: model, drive: load.Wire, threads: true},
		{name: "go-grpc", about: "grpc-go, a call per request, packed floats, and the library leaves", command: peers + "grpc", flags: model, drive: load.GRPCUnary},
		{name: "triton-native", about: "Triton with a backend of a page around LightGBM's C API, an instance per CPU; HTTP, binary", prepare: m.tritonNative(cpus), drive: load.TritonBinary},
		{name: "triton-onnx", about: "Triton's Python backend with ONNX Runtime, a process per CPU, dynamic batching; HTTP, binary", prepare: m.triton("onnx", cpus), drive: load.TritonBinary},
		{name: "triton-lightgbm", about: "the same with LightGBM's package", prepare: m.triton("lightgbm", cpus), drive: load.TritonBinary},
		{name: "fastapi", about: "FastAPI on uvicorn, a worker per CPU, LightGBM; HTTP, packed floats", prepare: m.fastapi("lightgbm", cpus), drive: load.HTTPBinary},
		{name: "fastapi-onnx", about: "the same with ONNX Runtime", prepare: m.fastapi("onnx", cpus), drive: load.HTTPBinary},
		{name: "mlserver", about: "MLServer with its LightGBM runtime; HTTP, JSON of the Open Inference Protocol", prepare: m.mlserver, drive: load.OIPJSON},
		{name: "bento", about: "BentoML, a worker per CPU, LightGBM; HTTP, JSON", prepare: m.bento(cpus), drive: load.RowsJSON},
	}
}

// sample reads the rows and the scores that the model gives them.
func (m models) sample() (*load.Sample, error) {
	rows, err := m.floats("rows.f32")
	if err != nil {
		return nil, err
	}
	scores, err := m.floats("scores.f32")
	if err != nil {
		return nil, err
	}
	if len(rows) != len(scores)*wire.DefaultDim {
		return nil, fmt.Errorf("%s: %d scores for %d features, which are not %d for each", m, len(scores), len(rows), wire.DefaultDim)
	}
	return &load.Sample{Rows: rows, Scores: scores}, exists(m.file("model.txt"), remedy)
}

func (m models) floats(name string) ([]float32, error) {
	if err := exists(m.file(name), remedy); err != nil {
		return nil, err
	}
	packed, err := os.ReadFile(m.file(name))
	if err != nil {
		return nil, err
	}
	list := make([]float32, len(packed)/4)
	_, err = binary.Decode(packed, binary.LittleEndian, list)
	return list, err
}

// library returns the flags that link a program in C with LightGBM's library, which lies in each
// environment that has LightGBM's package.
func (m models) library() ([]string, error) {
	found, _ := filepath.Glob(m.file("*/lib/python3*/site-packages/lightgbm/lib/lib_lightgbm.so")) // the pattern is right
	if len(found) == 0 {
		return nil, fmt.Errorf("no environment in %s has LightGBM: %s", m, remedy)
	}
	return []string{"-DLIGHTGBM", found[0], "-Wl,-rpath," + filepath.Dir(found[0])}, nil
}

func (m models) epoll(threads string) func(*bench) ([]string, error) {
	return func(b *bench) ([]string, error) {
		flags, err := m.library()
		if err != nil {
			return nil, err
		}
		program, err := b.compile("floors/epoll.c", flags...)
		return []string{program, "{port}", threads, "sleep", m.file("model.txt")}, err
	}
}

// python returns the Python of an environment, and the folder of the servers in it.
func (m models) python(b *bench, environment string, engine string) (program, apps string, err error) {
	program, apps = m.file(environment+"/bin/python"), filepath.Join(b.programs, "served")
	err = exists(program, remedy)
	if engine == "onnx" {
		err = errors.Join(err, exists(m.file("model.onnx"), remedy))
	}
	return program, apps, err
}

// env begins a command line with variables of its environment. Each server computes on the threads
// that it has, so libraries start none.
func env(variables ...string) []string {
	return append([]string{"env", "OMP_NUM_THREADS=1", "PYTHONDONTWRITEBYTECODE=1"}, variables...)
}

func (m models) triton(engine, instances string) func(*bench) ([]string, error) {
	return func(b *bench) ([]string, error) {
		python, apps, err := m.python(b, "triton", engine)
		out := filepath.Join(b.programs, "triton")
		return append(env(), python, filepath.Join(apps, "triton_run.py"), string(m), out, engine, instances, "{port}"), err
	}
}

func (m models) tritonNative(instances string) func(*bench) ([]string, error) {
	return func(b *bench) ([]string, error) {
		flags, err := m.library()
		if err != nil {
			return nil, err
		}
		backend, err := b.compile("served/triton_native.c", append(flags, "-shared", "-fPIC", "-Wl,-soname,libtriton_native.so")...)
		if err != nil {
			return nil, err
		}
		if err := os.Rename(backend, backend+".so"); err != nil {
			return nil, err
		}
		return m.triton(backend+".so", instances)(b)
	}
}

func (m models) fastapi(engine, workers string) func(*bench) ([]string, error) {
	return func(b *bench) ([]string, error) {
		python, apps, err := m.python(b, "fastapi", engine)
		return append(env("FOLDER="+string(m), "ENGINE="+engine), python, "-m", "uvicorn", "--app-dir", apps, "fastapi_app:app",
			"--port", "{port}", "--workers", workers, "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"), err
	}
}

func (m models) mlserver(b *bench) ([]string, error) {
	python, apps, err := m.python(b, "mlserver", "lightgbm")
	out := filepath.Join(b.programs, "mlserver")
	return append(env(), python, filepath.Join(apps, "mlserver_run.py"), string(m), out, "{port}", "{port2}", "{port3}"), err
}

func (m models) bento(workers string) func(*bench) ([]string, error) {
	return func(b *bench) ([]string, error) {
		python, apps, err := m.python(b, "bento", "lightgbm")
		home := filepath.Join(b.programs, "bento")
		return append(env("FOLDER="+string(m), "WORKERS="+workers, "BENTOML_HOME="+home, "BENTOML_DO_NOT_TRACK=True"), python,
			"-m", "bentoml", "serve", "bento_app:Scorer", "--working-dir", apps, "--host", "127.0.0.1", "--port", "{port}"), err
	}
}
