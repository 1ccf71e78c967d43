from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
from served import Served


class Onnx(MLModel):
    async def load(self):
        self.served = Served()
        return True

    async def predict(self, payload):
        rows = NumpyCodec.decode_input(payload.inputs[0])
        output = NumpyCodec.encode_output(self.served.output, self.served.run(rows))
        return InferenceResponse(model_name=self.name, outputs=[output])
