"""KServe's Python server, one process: `server.py PORT`."""
import asyncio
import logging
import sys

from kserve import InferOutput, InferResponse, Model, ModelServer
from served import Served, model, pool

threads = pool()


class Onnx(Model):
    def __init__(self):
        super().__init__(model)
        self.served, self.ready = Served(), True

    async def predict(self, payload, headers=None, response_headers=None):
        served, rows = self.served, payload.inputs[0].as_numpy()
        if threads is None:
            result = served.run(rows)
        else:
            result = await asyncio.get_running_loop().run_in_executor(threads, served.run, rows)
        # `use_binary_outputs` is of the whole request, the parameter of one output
        wanted = payload.request_outputs or []
        binary = bool(payload.use_binary_outputs) or any(
            (output.parameters or {}).get("binary_data") for output in wanted)
        output = InferOutput(served.output, list(result.shape), "FP32")
        output.set_data_from_numpy(result, binary_data=binary)
        return InferResponse(payload.id or "", model, [output], use_binary_outputs=binary)


logging.disable(logging.INFO)
server = ModelServer(http_port=int(sys.argv[1]), enable_grpc=False, enable_latency_logging=False)
server.start([Onnx()])
