"""The batch that the dynamic batcher made becomes one run."""
import os
import sys

import numpy as np
import triton_python_backend_utils as triton

# Triton's stub sets PYTHONPATH anew, and reaches this file by a link.
sys.path.insert(0, f"{os.path.dirname(os.path.realpath(__file__))}/../shared")
from served import Served  # noqa: E402


class TritonPythonModel:
    def initialize(self, arguments):
        self.served = Served()

    def execute(self, requests):
        served = self.served
        rows = [triton.get_input_tensor_by_name(r, served.input).as_numpy() for r in requests]
        result = served.run(rows[0] if len(rows) == 1 else np.concatenate(rows))
        responses, at = [], 0
        for given in rows:
            output = triton.Tensor(served.output, result[at : at + len(given)])
            responses.append(triton.InferenceResponse([output]))
            at += len(given)
        return responses
