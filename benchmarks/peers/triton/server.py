"""Triton itself, out of the wheel of PyTriton, with its Python backend: `server.py PORT`.

Its own ONNX Runtime backend is in no registry. The dynamic batcher is on, with no delay. This script
lays out a repository in a folder of its own and becomes the server.
"""
import glob
import os
import sys
import sysconfig
import tempfile

from served import Served, model, runs

served = Served()
root = tempfile.mkdtemp(prefix="triton-")
os.makedirs(f"{root}/{model}/1")
here = os.path.dirname(os.path.abspath(__file__))
os.symlink(f"{here}/model.py", f"{root}/{model}/1/model.py")


def tensor(kind, name, datatype, shape):
    return f'{kind} [{{name: "{name}" data_type: TYPE_{datatype} dims: {list(shape)}}}]\n'


with open(f"{root}/{model}/config.pbtxt", "w") as config:
    config.write(
        f'backend: "python"\nmax_batch_size: 8\ndynamic_batching {{}}\n'
        f"instance_group [{{count: {runs} kind: KIND_CPU}}]\n"
        + tensor("input", served.input, served.datatype, served.shape)
        + tensor("output", served.output, "FP32", served.width)
    )

triton = f"{sysconfig.get_path('purelib')}/pytriton/tritonserver"
backend = tempfile.mkdtemp(prefix="triton-backends-") + "/python"
os.mkdir(backend)
for source in (*glob.glob(f"{triton}/backends/python/*.*"),
               f"{triton}/python_backend_stubs/{sysconfig.get_python_version()}/triton_python_backend_stub"):
    os.symlink(source, f"{backend}/{os.path.basename(source)}")

environment = {
    **os.environ,
    # its stub finds Python's library here, and packages by the first python3
    "LD_LIBRARY_PATH": f"{triton}/external_libs:{triton}/lib:{sysconfig.get_config_var('LIBDIR')}",
    "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
}
os.execve(f"{triton}/bin/tritonserver", [
    "tritonserver", f"--model-repository={root}", f"--backend-directory={os.path.dirname(backend)}",
    f"--http-port={sys.argv[1]}", "--http-address=127.0.0.1", "--allow-grpc=false",
    "--allow-metrics=false", "--log-info=false",
], environment)
