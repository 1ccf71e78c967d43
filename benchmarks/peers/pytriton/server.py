"""PyTriton, an inference callable for each run that is allowed: `server.py PORT`."""
import os
import sys
import sysconfig

# Triton's stub must find the library of this Python, of which it has another one.
os.environ["LD_LIBRARY_PATH"] = sysconfig.get_config_var("LIBDIR")

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig
from served import Served, model, runs


def callable_of(served):
    @batch
    def infer(**inputs):
        return {served.output: served.run(inputs[served.input])}

    return infer


first = Served()
port = int(sys.argv[1])
config = TritonConfig(http_port=port, http_address="127.0.0.1", allow_grpc=False,
                      allow_metrics=False, log_verbose=0)
with Triton(config=config) as triton:
    triton.bind(
        model_name=model,
        infer_func=[callable_of(Served()) for _ in range(runs)],
        inputs=[Tensor(name=first.input, dtype=first.dtype, shape=tuple(first.shape))],
        outputs=[Tensor(name=first.output, dtype=np.float32, shape=tuple(first.width))],
        config=ModelConfig(max_batch_size=8, batcher=DynamicBatcher()),
    )
    triton.serve()
