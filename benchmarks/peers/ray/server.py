"""Ray Serve, a replica for each run that is allowed: `server.py PORT`. No batching."""
import os
import signal
import sys

import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import Response

name = os.path.basename(os.environ["BENCHMARK_MODEL"]).removesuffix(".onnx")
replicas = int(os.environ["BENCHMARK_RUNS"])
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1",
         object_store_memory=200 * 2**20, log_to_driver=False, logging_level="ERROR")
serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])},
            logging_config={"log_level": "ERROR", "enable_access_log": False})


@serve.deployment(max_ongoing_requests=64, num_replicas=replicas, ray_actor_options={"num_cpus": 0.2})
class Onnx:
    def __init__(self):
        import served

        self.codec, self.served = served, served.Served()

    async def __call__(self, request: Request):
        header_length = request.headers.get("inference-header-content-length")
        rows, binary = self.codec.parse(self.served, await request.body(), header_length)
        body, headers = self.codec.answer(self.served, self.served.run(rows), binary)
        return Response(body, headers=headers)


serve.run(Onnx.bind(), name=name, route_prefix=f"/v2/models/{name}/infer")
signal.sigwait([signal.SIGTERM, signal.SIGINT])
ray.shutdown()
