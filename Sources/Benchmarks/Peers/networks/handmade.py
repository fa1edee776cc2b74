"""ONNX files as other exporters write them, built node by node: channels last with transpositions around
(TensorFlow), sizes computed in the graph, padding by itself, constants beside layers."""
import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

R = np.random.default_rng(5)


class Builder:
    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def const(self, array, dtype=np.float32):
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(h.make_node(kind, list(inputs), [name], name=f"{kind}{self.count}", **attributes))
        return name

    def normal(self, *shape):
        return self.const(R.normal(size=shape) * 0.4)

    def model(self, inputs, outputs, version):
        self.nodes += [h.make_node("Identity", [v], [n]) for n, v, _ in outputs]
        graph = h.make_graph(
            self.nodes, "g", [h.make_tensor_value_info(n, T.FLOAT, ["N", *s]) for n, s in inputs],
            [h.make_tensor_value_info(n, T.FLOAT, ["N", *s]) for n, _, s in outputs], self.constants)
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", version)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


def channels_last():
    b = Builder()
    x = b.op("Transpose", "image", perm=[0, 3, 1, 2])
    x = b.op("Pad", x, b.const([0, 0, 1, 1, 0, 0, 2, 1], np.int64), b.const(0.0))
    x = b.op("Conv", x, b.normal(6, 1, 3, 3), strides=[2, 2])
    x = b.op("Add", x, b.normal(1, 6, 1, 1))
    x = b.op("Relu", x)
    y = b.op("Conv", x, b.normal(6, 1, 3, 3), b.normal(6), group=6, auto_pad="SAME_UPPER")
    y = b.op("Clip", y, b.const(0.0), b.const(6.0))
    y = b.op("Transpose", y, perm=[0, 2, 3, 1])
    z = b.op("Transpose", b.op("Conv", x, b.normal(4, 6, 1, 1), auto_pad="VALID"), perm=[0, 2, 3, 1])
    x = b.op("Concat", y, b.op("Sigmoid", z), axis=3)
    x = b.op("Mul", x, b.normal(10))
    f = b.op("Reshape", x, b.const([-1, 10 * 5 * 6], np.int64))
    m = b.op("ReduceMean", x, axes=[1, 2], keepdims=0)
    f = b.op("Concat", b.op("Add", b.op("MatMul", f, b.normal(300, 7)), b.normal(7)), m, axis=1)
    f = b.op("Softmax", b.op("Gemm", f, b.normal(17, 4), b.normal(4), alpha=0.5, beta=2.0))
    return b.model([("image", (9, 11, 1))], [("output", f, (4,))], 13), {"image": (1, 9, 11)}


def computed_sizes():
    b = Builder()
    x = b.op("Div", b.op("Sub", "image", b.const(0.5)), b.const(np.full((1, 2, 1, 1), 2.0)))
    x = b.op("Conv", x, b.normal(8, 2, 3, 3), b.normal(8), pads=[1, 1, 1, 1])
    x = b.op("Mul", x, b.op("HardSigmoid", x, alpha=1 / 6, beta=0.5))
    s = b.op("GlobalAveragePool", x)
    s = b.op("Relu", b.op("Conv", s, b.normal(4, 8, 1, 1), b.normal(4)))
    s = b.op("Sigmoid", b.op("Conv", s, b.normal(8, 4, 1, 1), b.normal(8)))
    x = b.op("Mul", s, x)
    x = b.op("Resize", x, "", b.const([1, 1, 2, 2]), mode="nearest", coordinate_transformation_mode="asymmetric",
             nearest_mode="floor")
    x = b.op("Sub", b.const(1.0), x)
    x = b.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = b.op("SpaceToDepth", x, blocksize=3)
    shape = b.op("Shape", x)
    batch = b.op("Unsqueeze", b.op("Gather", shape, b.const(0, np.int64)), b.const([0], np.int64))
    x = b.op("Reshape", x, b.op("Concat", batch, b.const([-1], np.int64), axis=0))
    x = b.op("Elu", b.op("MatMul", x, b.normal(8 * 36, 5)), alpha=0.7)
    x = b.op("Dropout", x)
    return b.model([("image", (2, 6, 6))], [("output", x, (5,))], 15), {"image": (2, 6, 6)}


HANDMADE = {"channels_last": channels_last, "computed_sizes": computed_sizes}
