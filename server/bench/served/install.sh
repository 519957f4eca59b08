#!/bin/sh
# Makes FOLDER for `go run ./server/bench --model FOLDER`: the model, its rows and scores, and an
# environment of Python for each kind of server. Needs Python 3.11 or 3.12, some 2 GB of disk, and
# minutes. What cannot be installed is reported, and its servers are left out of the benchmark.
set -u
[ $# -eq 1 ] || { echo "usage: install.sh FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
mkdir -p "$1" && cd "$1" || exit 1
missing=

# environment NAME PACKAGE...
environment() {
	name=$1
	shift
	echo "$name: $*"
	{ [ -x "$name/bin/pip" ] || "$python" -m venv "$name"; } && "$name/bin/pip" install -q --disable-pip-version-check "$@" && return
	rm -rf "$name"
	missing="$missing $name"
}

environment lightgbm lightgbm==4.7.0 numpy==2.4.6 onnx==1.23.2 onnxmltools==1.16.0 scikit-learn==1.9.1 skl2onnx==1.20.0 packaging
[ -x lightgbm/bin/python ] || { echo "install.sh: without LightGBM there is no model to compare with" >&2; exit 1; }
lightgbm/bin/python "$here/prepare.py" . || exit 1

environment triton nvidia-pytriton==0.7.0 lightgbm==4.7.0 onnxruntime==1.31.1 'numpy<2'
environment fastapi fastapi==0.165.0 'uvicorn[standard]==0.54.0' lightgbm==4.7.0 onnxruntime==1.31.1 numpy==2.4.6
environment mlserver mlserver==1.7.1 mlserver-lightgbm==1.7.1 lightgbm==4.7.0 'uvloop<0.22'
environment bento bentoml==1.4.40 lightgbm==4.7.0 numpy==2.4.6
[ -z "$missing" ] || echo "install.sh: not installed:$missing" >&2
echo "go run ./server/bench --model $(pwd)"
