"""MLServer: `server.py PORT`. Writes its settings into a folder of its own and becomes the server.

Where one run is allowed the model runs in the process of the server; elsewhere in as many workers.
"""
import json
import os
import sys
import tempfile

from ports import free_port
from served import model, runs

folder = tempfile.mkdtemp(prefix="mlserver-")
with open(f"{folder}/settings.json", "w") as settings:
    json.dump({
        "host": "127.0.0.1", "http_port": int(sys.argv[1]), "grpc_port": free_port(),
        "metrics_endpoint": None, "debug": False, "parallel_workers": 0 if runs == 1 else runs,
    }, settings)
with open(f"{folder}/model-settings.json", "w") as settings:
    json.dump({"name": model, "implementation": "model.Onnx"}, settings)
here = os.path.dirname(os.path.abspath(__file__))
python_path = f"{here}:{os.environ['PYTHONPATH']}"
program = f"{os.path.dirname(sys.executable)}/mlserver"
os.execve(program, [program, "start", folder], {**os.environ, "PYTHONPATH": python_path})
