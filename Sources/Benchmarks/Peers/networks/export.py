"""Exports networks to ONNX with inputs and onnxruntime's outputs: export.py FOLDER NAME..."""
import json
import os
import sys
import warnings

import numpy as np
import onnxruntime
import torch

import handmade
import models

warnings.filterwarnings("ignore")


def export(name, folder, samples=2):
    model = models.make(name).eval()
    _, shapes, outputs = models.MODELS[name]
    inputs = [torch.from_numpy(np.random.default_rng(i).normal(size=(samples, *s)).astype(np.float32))
              for i, s in enumerate(shapes)]
    names = ["image", "angle"][: len(shapes)]
    path = os.path.join(folder, name + ".onnx")
    axes = {n: {0: "batch"} for n in names + outputs}
    # By default PyTorch folds batch normalisation away; some files should keep it.
    keeps = name in ("residual", "xception_small", "resnet18", "pattern_net")
    mode = torch.onnx.TrainingMode.PRESERVE if keeps else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(model, tuple(inputs), path, input_names=names, output_names=outputs, dynamic_axes=axes,
                      opset_version=20 if name == "edges" else 17, dynamo=False, training=mode)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answer = session.run(outputs, {n: x.numpy() for n, x in zip(names, inputs)})
    flat = lambda a: [float(np.float32(v)) for v in np.asarray(a).ravel()]
    with open(os.path.join(folder, name + ".json"), "w") as f:
        json.dump({"samples": samples, "inputs": {n: flat(x) for n, x in zip(names, inputs)},
                   "outputs": {n: flat(x) for n, x in zip(outputs, answer)}}, f)
    print(name, os.path.getsize(path), "bytes")


def build(name, folder, samples=2):
    """A handmade file; images are stored channels first, the peer gets them as the file wants them."""
    model, shapes = handmade.HANDMADE[name]()
    path = os.path.join(folder, name + ".onnx")
    with open(path, "wb") as f:
        f.write(model.SerializeToString())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds, inputs = {}, {}
    for value in session.get_inputs():
        x = np.random.default_rng(0).normal(size=(samples, *shapes[value.name])).astype(np.float32)
        inputs[value.name] = x
        feeds[value.name] = x if value.shape[1] == x.shape[1] else np.moveaxis(x, 1, -1)
    names = [o.name for o in session.get_outputs()]
    answer = session.run(names, feeds)
    flat = lambda a: [float(np.float32(v)) for v in np.asarray(a).ravel()]
    with open(os.path.join(folder, name + ".json"), "w") as f:
        json.dump({"samples": samples, "inputs": {n: flat(x) for n, x in inputs.items()},
                   "outputs": {n: flat(x) for n, x in zip(names, answer)}}, f)
    print(name, os.path.getsize(path), "bytes")


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    groups = {"small": list(models.SMALL) + list(handmade.HANDMADE), "large": list(models.LARGE)}
    for n in [n for argument in sys.argv[2:] for n in groups.get(argument, [argument])]:
        (build if n in handmade.HANDMADE else export)(n, sys.argv[1])
