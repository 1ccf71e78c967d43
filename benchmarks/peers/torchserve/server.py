"""TorchServe, a worker for each run that is allowed: `server.py PORT`. No batching.

Packs the handler into a folder of its own and becomes the server.
"""
import os
import subprocess
import sys
import tempfile

from ports import free_port

name = os.path.basename(os.environ["BENCHMARK_MODEL"]).removesuffix(".onnx")
here = os.path.dirname(os.path.abspath(__file__))
programs = os.path.dirname(sys.executable)
folder = tempfile.mkdtemp(prefix="torchserve-")
store = f"{folder}/store"
os.mkdir(store)
environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "LOG_LOCATION": folder,
               "METRICS_LOCATION": folder}
subprocess.run([f"{programs}/torch-model-archiver", "--model-name", name, "--version", "1",
                "--handler", f"{here}/handler.py", "--export-path", store], env=environment, check=True)

with open(f"{folder}/config.properties", "w") as config:
    config.write(f"inference_address=http://127.0.0.1:{sys.argv[1]}\n"
                 f"management_address=http://127.0.0.1:{free_port()}\n"
                 f"metrics_address=http://127.0.0.1:{free_port()}\n"
                 f"grpc_inference_port={free_port()}\ngrpc_management_port={free_port()}\n"
                 f"default_workers_per_model={os.environ['BENCHMARK_RUNS']}\n"
                 "disable_token_authorization=true\nenable_envvars_config=false\n"
                 "disable_system_metrics=true\n")
with open(f"{folder}/log4j2.xml", "w") as config:
    config.write('<Configuration><Appenders><Console name="c"/></Appenders><Loggers>'
                 '<Root level="warn"><AppenderRef ref="c"/></Root></Loggers></Configuration>')
os.execve(f"{programs}/torchserve", [
    "torchserve", "--start", "--foreground", "--ncs", "--disable-token-auth", "--model-store", store,
    "--models", f"{name}={name}.mar", "--ts-config", f"{folder}/config.properties",
    "--log-config", f"{folder}/log4j2.xml",
], environment)
