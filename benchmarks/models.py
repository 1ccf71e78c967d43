"""Builds the models of the benchmarks and the inputs they are asked with, into the folder given.

W1   mlp        tabular, 32-128-64-2, softmax
W2b  squeezenet the graph that the onnx package carries for its tests
W3   encoder    the shape of MiniLM-L6: 6 layers, width 384, 12 heads, 32 tokens, mean pool, L2 norm
W3s  encoder8   the same for 8 tokens
W3l  encoder128 the same for 128 tokens
     tiny       tabular, 30-32-2, softmax, as peers are asked
     cnn        ten convolutions of 3x224x224, about 4 ms, as peers are asked
     encoder64  4 layers, width 256, 64 tokens, about 4 ms, as peers are asked

Weights are random, from fixed seeds: dense kernels do not look at values, so the speed is that of
trained weights; no accuracy is claimed. `NAME.inputs` holds eight different inputs, one after the
other, as raw little-endian elements. Opset 17 and IR 10 are what ONNX Runtime 1.30 reads.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUTS = 8


class Graph:
    """Collects nodes and weights; every method returns the name of the value it adds."""

    def __init__(self, seed):
        self.nodes, self.weights = [], []
        self.random = np.random.default_rng(seed)

    def weight(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def normal(self, *shape, fan):
        return self.weight((self.random.standard_normal(shape) / np.sqrt(fan)).astype(np.float32))

    def number(self, value):
        return self.weight(np.array(value, np.float32))

    def op(self, kind, inputs, output=None, **attributes):
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def linear(self, x, width_in, width_out):
        product = self.op("MatMul", [x, self.normal(width_in, width_out, fan=width_in)])
        return self.op("Add", [product, self.normal(width_out, fan=100)])


def mlp():
    g = Graph(1)
    x = "features"
    for width_in, width_out in [(32, 128), (128, 64)]:
        x = g.op("Relu", [g.linear(x, width_in, width_out)])
    g.op("Softmax", [g.linear(x, 64, 2)], "probabilities", axis=-1)
    # Two decimals, so that a JSON body looks like one that a person would send.
    inputs = np.round(np.random.default_rng(11).uniform(-2, 2, (INPUTS, 32)), 2).astype(np.float32)
    return model(g, ("features", TensorProto.FLOAT, ["rows", 32]),
                 ("probabilities", TensorProto.FLOAT, ["rows", 2])), inputs


def encoder(layers=6, width=384, heads=12, inner=1536, tokens=32, words=30522):
    g = Graph(3)

    def norm(x):
        scale, bias = g.weight(np.ones(width, np.float32)), g.weight(np.zeros(width, np.float32))
        return g.op("LayerNormalization", [x, scale, bias], axis=-1, epsilon=1e-12)

    def gelu(x):
        bell = g.op("Erf", [g.op("Div", [x, g.number(np.sqrt(2))])])
        return g.op("Mul", [g.op("Mul", [x, g.op("Add", [bell, g.number(1)])]), g.number(0.5)])

    split = g.weight(np.array([0, tokens, heads, width // heads], np.int64))
    join = g.weight(np.array([0, tokens, width], np.int64))
    x = g.op("Gather", [g.normal(words, width, fan=1), "input_ids"])
    x = norm(g.op("Add", [x, g.normal(1, tokens, width, fan=10)]))
    for _ in range(layers):
        query, key, value = (
            g.op("Transpose", [g.op("Reshape", [g.linear(x, width, width), split])], perm=perm)
            for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
        )
        score = g.op("Div", [g.op("MatMul", [query, key]), g.number(np.sqrt(width / heads))])
        mixed = g.op("MatMul", [g.op("Softmax", [score], axis=-1), value])
        mixed = g.op("Reshape", [g.op("Transpose", [mixed], perm=[0, 2, 1, 3]), join])
        x = norm(g.op("Add", [x, g.linear(mixed, width, width)]))
        x = norm(g.op("Add", [x, g.linear(gelu(g.linear(x, width, inner)), inner, width)]))
    pooled = g.op("ReduceMean", [x], axes=[1], keepdims=0)
    length = g.op("ReduceL2", [pooled], axes=[1], keepdims=1)
    g.op("Div", [pooled, length], "embedding")
    inputs = np.random.default_rng(13).integers(0, words, (INPUTS, tokens), dtype=np.int64)
    return model(g, ("input_ids", TensorProto.INT64, ["rows", tokens]),
                 ("embedding", TensorProto.FLOAT, ["rows", width])), inputs


def encoder8():
    return encoder(tokens=8)


def encoder128():
    return encoder(tokens=128)


def tiny():
    g = Graph(5)
    x = g.op("Relu", [g.linear("x", 30, 32)])
    g.op("Softmax", [g.linear(x, 32, 2)], "y", axis=-1)
    inputs = np.round(np.random.default_rng(15).uniform(-2, 2, (INPUTS, 30)), 2).astype(np.float32)
    return model(g, ("x", TensorProto.FLOAT, ["rows", 30]),
                 ("y", TensorProto.FLOAT, ["rows", 2])), inputs


def cnn():
    g = Graph(6)

    def convolution(x, width_in, width_out, kernel, stride):
        filters = g.normal(width_out, width_in, kernel, kernel, fan=width_in * kernel * kernel / 2)
        done = g.op("Conv", [x, filters, g.normal(width_out, fan=100)],
                    kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)
        return g.op("Relu", [done])

    x = convolution(convolution("x", 3, 32, 7, 4), 32, 64, 3, 2)
    for _ in range(3):
        x = convolution(x, 64, 64, 3, 1)
    x = convolution(x, 64, 128, 3, 2)
    for _ in range(3):
        x = convolution(x, 128, 128, 3, 1)
    pooled = g.op("Flatten", [g.op("GlobalAveragePool", [x])])
    g.op("Add", [g.op("MatMul", [pooled, g.normal(128, 1000, fan=128)]), g.normal(1000, fan=100)], "y")
    inputs = np.random.default_rng(16).standard_normal((INPUTS, 3, 224, 224)).astype(np.float32)
    return model(g, ("x", TensorProto.FLOAT, ["rows", 3, 224, 224]),
                 ("y", TensorProto.FLOAT, ["rows", 1000])), inputs


def encoder64():
    return encoder(layers=4, width=256, heads=4, inner=512, tokens=64, words=8192)


def squeezenet():
    """The graph as it is shipped, but for two things.

    Its weights are ones made by ConstantOfShape, which gives every input the same answer: random
    ones take their place, so that a swapped answer is seen. And its initializers are no longer
    listed as inputs, as IR 3 had it, which forbids ONNX Runtime to fold and to pack them.
    """
    shipped = onnx.load(os.path.join(os.path.dirname(onnx.__file__),
                                     "backend/test/data/light/light_squeezenet.onnx"))
    random = np.random.default_rng(2)
    constants = {w.name: numpy_helper.to_array(w) for w in shipped.graph.initializer}
    weights, nodes = [], []
    for node in shipped.graph.node:
        if node.op_type == "ConstantOfShape":
            shape = tuple(constants.pop(node.input[0]))
            fan = np.prod(shape[1:]) / 2 if len(shape) > 1 else 100
            values = random.standard_normal(shape) / np.sqrt(fan)
            weights.append(numpy_helper.from_array(values.astype(np.float32), node.output[0]))
        else:
            nodes.append(node)
    weights += [numpy_helper.from_array(value, name) for name, value in constants.items()]
    names = {w.name for w in shipped.graph.initializer}
    graph = helper.make_graph(nodes, "squeezenet",
                              [i for i in shipped.graph.input if i.name not in names],
                              shipped.graph.output, weights)
    built = helper.make_model(graph, opset_imports=shipped.opset_import, ir_version=10)
    inputs = np.random.default_rng(12).standard_normal((INPUTS, 3, 224, 224)).astype(np.float32)
    return built, inputs


def model(g, source, target):
    graph = helper.make_graph(g.nodes, "benchmark", [helper.make_tensor_value_info(*source)],
                              [helper.make_tensor_value_info(*target)], g.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for build in (mlp, squeezenet, encoder, encoder8, encoder128, tiny, cnn, encoder64):
        built, inputs = build()
        onnx.checker.check_model(built)
        path = os.path.join(folder, build.__name__)
        onnx.save(built, f"{path}.onnx")
        inputs.tofile(f"{path}.inputs")
        print(f"{path}.onnx {os.path.getsize(f'{path}.onnx')} bytes, inputs {inputs.shape}")


if __name__ == "__main__":
    main(sys.argv[1])
