"""Becomes Triton, out of the package nvidia-pytriton, with one model of 128 features:

triton_run.py FOLDER OUT ENGINE INSTANCES PORT

ENGINE is lightgbm or onnx, in Triton's Python backend with INSTANCES processes, or the shared library
of a backend, with INSTANCES threads. OUT becomes the folder of models and backends.
"""

import os
import pathlib
import shutil
import sys
import sysconfig

CONFIG = """
name: "model"
backend: "{backend}"
max_batch_size: 256
input [ {{ name: "rows" data_type: TYPE_FP32 dims: [ 128 ] }} ]
output [ {{ name: "scores" data_type: TYPE_FP32 dims: [ 1 ] }} ]
instance_group [ {{ count: {instances} kind: KIND_CPU }} ]
parameters {{ key: "folder" value {{ string_value: "{folder}" }} }}
parameters {{ key: "engine" value {{ string_value: "{engine}" }} }}
{batching}
"""


def main():
    folder, out, engine, instances, port = sys.argv[1:]
    here, out = pathlib.Path(__file__).parent, pathlib.Path(out)
    packages = pathlib.Path(sysconfig.get_path("purelib"))
    triton = packages / "pytriton" / "tritonserver"
    shutil.rmtree(out, ignore_errors=True)
    version, backends = out / "models" / "model" / "1", out / "backends"
    version.mkdir(parents=True)
    if engine.endswith(".so"):
        backend, batching = "native", ""
        (backends / backend).mkdir(parents=True)
        (backends / backend / "libtriton_native.so").symlink_to(os.path.abspath(engine))
    else:
        # Batching pays for a model in Python, whose process has to be woken for each call.
        backend, batching = "python", "dynamic_batching { }"
        shutil.copytree(triton / "backends" / backend, backends / backend)
        name = "{}.{}".format(*sys.version_info)
        shutil.copy(triton / "python_backend_stubs" / name / "triton_python_backend_stub", backends / backend)
        shutil.copy(here / "triton_model.py", version / "model.py")
        shutil.copy(here / "scorer.py", version / "scorer.py")
    (version.parent / "config.pbtxt").write_text(CONFIG.format(
        backend=backend, instances=instances, folder=os.path.abspath(folder), engine=engine, batching=batching))
    environment = dict(
        os.environ,
        # Its Python processes look for the interpreter's library and, through PATH, for the packages.
        LD_LIBRARY_PATH=f"{sysconfig.get_config_var('LIBDIR')}:{packages / 'nvidia_pytriton.libs'}",
        PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", ""),
        CUDA_VISIBLE_DEVICES="",
        FOLDER=os.path.abspath(folder),
    )
    program = str(triton / "bin" / "tritonserver")
    os.execve(program, [
        program, f"--model-repository={out / 'models'}", f"--backend-directory={backends}", "--http-address=127.0.0.1",
        f"--http-port={port}", "--allow-grpc=false", "--allow-metrics=false", "--log-info=false", "--exit-on-error=true",
    ], environment)


main()
