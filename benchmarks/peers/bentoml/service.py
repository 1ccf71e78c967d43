from pathlib import Path
from typing import Annotated

import bentoml
import numpy as np
from bentoml.validators import ContentType
from served import Served, runs


@bentoml.service(workers=1, threads=runs, traffic={"timeout": 60},
                 logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Onnx:
    def __init__(self):
        self.served = Served()

    @bentoml.api
    def rows(self, rows: np.ndarray) -> np.ndarray:
        return self.served.run(rows.astype(self.served.dtype, copy=False))

    @bentoml.api
    def raw(self, body: Annotated[Path, ContentType("application/octet-stream")], /) -> np.ndarray:
        return self.served.run(np.fromfile(body, self.served.dtype).reshape(1, *self.served.shape))
