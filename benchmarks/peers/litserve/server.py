"""LitServe, one API server, a worker for each run that is allowed: `server.py PORT`. No batching."""
import sys

import litserve
import numpy as np
from served import Served, model, runs


class Onnx(litserve.LitAPI):
    def setup(self, device):
        self.served = Served()

    def decode_request(self, request):
        tensor = request["inputs"][0]
        return np.asarray(tensor["data"], self.served.dtype).reshape(tensor["shape"])

    def predict(self, rows):
        return self.served.run(rows)

    def encode_response(self, rows):
        output = {"name": self.served.output, "datatype": "FP32", "shape": list(rows.shape)}
        return {"outputs": [{**output, "data": rows.ravel().tolist()}]}


if __name__ == "__main__":
    api = Onnx(api_path=f"/v2/models/{model}/infer")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=runs)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="warning",
               generate_client_file=False, num_api_servers=1)
