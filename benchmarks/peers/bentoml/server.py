"""BentoML: `server.py PORT` becomes `bentoml serve`."""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
program = f"{os.path.dirname(sys.executable)}/bentoml"
os.chdir(here)
os.execve(program, [program, "serve", "--host", "127.0.0.1", "-p", sys.argv[1], "service:Onnx"],
          {**os.environ, "BENTOML_DO_NOT_TRACK": "true"})
