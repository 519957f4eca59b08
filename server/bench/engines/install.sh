#!/usr/bin/env bash
# Makes a Python environment with the libraries that run.py compares: install.sh FOLDER
#
# The versions are pinned. A package that this machine cannot have is named at the end, and run.py leaves it out.
set -uo pipefail
[ $# -eq 1 ] || { echo "usage: install.sh FOLDER" >&2; exit 2; }

# Models are made with the first line, so it is needed. Each of the others may fail by itself.
needed="numpy==2.4.6"
packages=(
	lightgbm==4.7.0
	xgboost-cpu==3.2.0
	catboost==1.2.10
	scikit-learn==1.9.1
	"onnx==1.23.2 onnxruntime==1.31.1 skl2onnx==1.20.0 onnxmltools==1.16.0"
	"lleaves==1.3.0 llvmlite==0.44.0" # newer ones of llvmlite lack what lleaves calls
	"scikit-learn-intelex==2026.2.0 daal==2026.2.0" # oneDAL, and daal4py, which calls it
	"treelite==4.8.1 tl2cgen==1.0.0"
)

python3 -m venv "$1" || { echo "install.sh: python3 has no module venv: install python3-venv" >&2; exit 1; }
pip() { "$1/bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}"; }
pip "$1" "$needed" || { echo "install.sh: $needed cannot be installed, and nothing runs without it" >&2; exit 1; }
missing=()
for package in "${packages[@]}"; do
	# shellcheck disable=SC2086  # several packages that only work together
	pip "$1" "$needed" $package || missing+=("$package")
done
echo "installed in $1: $1/bin/python server/bench/engines/run.py FOLDER"
[ ${#missing[@]} -eq 0 ] || printf 'missing, and left out by run.py: %s\n' "${missing[@]}"
