"""mlflow models serve, one worker: `server.py PORT`. Saves the model and becomes the server."""
import os
import sys
import tempfile

import mlflow
import onnx

folder = f"{tempfile.mkdtemp(prefix='mlflow-')}/model"
mlflow.onnx.save_model(onnx.load(os.environ["BENCHMARK_MODEL"]), folder, onnx_session_options={
    "intra_op_num_threads": 1, "inter_op_num_threads": 1})
program = f"{os.path.dirname(sys.executable)}/mlflow"
path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
os.execve(program, [program, "models", "serve", "-m", folder, "-h", "127.0.0.1", "-p", sys.argv[1],
                    "--env-manager", "local", "-w", "1"],
          {**os.environ, "PATH": path, "UVICORN_LOG_LEVEL": "warning"})
