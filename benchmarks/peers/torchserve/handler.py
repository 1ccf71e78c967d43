"""A body is {"data": […]}, or the raw elements of one row."""
import numpy as np
from served import Served


class Handler:
    def initialize(self, context):
        self.served, self.initialized = Served(), True

    def handle(self, requests, context):
        served = self.served
        bodies = [request.get("body", request.get("data")) for request in requests]
        rows = np.concatenate([self.row(body) for body in bodies])
        raw = not isinstance(bodies[0], dict)
        return [row.tobytes() if raw else row.tolist() for row in served.run(rows)]

    def row(self, body):
        served = self.served
        if isinstance(body, dict):
            return np.asarray(body["data"], served.dtype).reshape(1, *served.shape)
        return np.frombuffer(body, served.dtype).reshape(1, *served.shape)
