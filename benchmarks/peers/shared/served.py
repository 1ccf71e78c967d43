"""What all peers serve and how: one model, named by the environment, in ONNX Runtime as bare has it.

`BENCHMARK_MODEL` is the path of its file, `BENCHMARK_RUNS` how many runs may be under way at once.
"""
import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

try:
    import orjson

    loads, dumps = orjson.loads, orjson.dumps
except ImportError:
    loads = json.loads

    def dumps(value):
        return json.dumps(value, separators=(",", ":")).encode()


path = os.environ["BENCHMARK_MODEL"]
runs = int(os.environ["BENCHMARK_RUNS"])
model = os.path.basename(path).removesuffix(".onnx")


def session():
    """One intra-op thread, spinning off."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Served:
    def __init__(self):
        self.session = session()
        [source], [target] = self.session.get_inputs(), self.session.get_outputs()
        self.input, self.output = source.name, target.name
        self.datatype = {"tensor(float)": "FP32", "tensor(int64)": "INT64"}[source.type]
        self.dtype = {"FP32": np.float32, "INT64": np.int64}[self.datatype]
        self.shape, self.width = source.shape[1:], target.shape[1:]

    def run(self, rows):
        return self.session.run(None, {self.input: rows})[0]


def pool():
    """For models whose run is longer than the hop to a thread; None where one run is allowed."""
    return ThreadPoolExecutor(runs) if runs > 1 else None


def parse(served, body, header_length):
    """A body of the Open Inference Protocol -> (rows, whether the answer is to be binary)."""
    if header_length:
        cut = int(header_length)
        shape = loads(body[:cut])["inputs"][0]["shape"]
        return np.frombuffer(body, served.dtype, offset=cut).reshape(shape), True
    tensor = loads(body)["inputs"][0]
    return np.asarray(tensor["data"], served.dtype).reshape(tensor["shape"]), False


def answer(served, rows, binary):
    """-> (body, headers)"""
    output = {"name": served.output, "datatype": "FP32", "shape": list(rows.shape)}
    if not binary:
        output["data"] = rows.ravel().tolist()
        body = dumps({"model_name": model, "outputs": [output]})
        return body, {"content-type": "application/json"}
    raw = rows.tobytes()
    output["parameters"] = {"binary_data_size": len(raw)}
    header = dumps({"model_name": model, "outputs": [output]})
    return header + raw, {
        "content-type": "application/octet-stream",
        "inference-header-content-length": str(len(header)),
    }
