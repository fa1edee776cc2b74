"""Times onnxruntime and PyTorch on one thread; one JSON line a measurement: measure.py FOLDER.

Times are processor time of the process, so that other programs on the machine count for nobody.
"""
import json
import os
import statistics
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
import onnxruntime
import torch

import models

warnings.filterwarnings("ignore")
INFERENCE = ["pattern_net", "autoencoder_64", "autoencoder_128", "resnet18", "mobilenet_v2", "xception"]
TRAINING = {"pattern_net": 64, "autoencoder_64": 64, "autoencoder_128": 32}


def median(body, seconds):
    body()
    body()
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds:
        t = time.process_time()
        body()
        times.append(time.process_time() - t)
    return 1000 * statistics.median(times)


def report(name, peer, milliseconds):
    print(json.dumps({"case": name, "by": peer, "median": milliseconds, "unit": "ms"}), flush=True)


def inference(folder, seconds):
    for name in INFERENCE:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            os.path.join(folder, name + ".onnx"), options, providers=["CPUExecutionProvider"])
        shapes = models.MODELS[name][1]
        for batch in (1, 32) if name not in ("resnet18", "mobilenet_v2", "xception") else (1, 8):
            feed = {n: np.random.default_rng(0).normal(size=(batch, *s)).astype(np.float32)
                    for n, s in zip(["image", "angle"], shapes)}
            report(f"{name} inference {batch}", "onnxruntime", median(lambda: session.run(None, feed), seconds))


def training(seconds):
    torch.set_num_threads(1)
    for name, batch in TRAINING.items():
        model = models.make(name).train()
        optimiser = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.01)
        inputs = [torch.randn(batch, *s) for s in models.MODELS[name][1]]
        if name == "pattern_net":
            targets = [torch.softmax(torch.randn(batch, n), 1) for n in (120, 40, 21)]
            loss = lambda y: sum(torch.nn.functional.cross_entropy(a, b) for a, b in zip(y, targets))
        else:
            inputs = [torch.rand_like(inputs[0])]
            loss = lambda y: torch.nn.functional.binary_cross_entropy(y, inputs[0])

        def step():
            optimiser.zero_grad()
            loss(model(*inputs)).backward()
            optimiser.step()

        report(f"{name} training step {batch}", "pytorch", median(step, seconds))


if __name__ == "__main__":
    seconds = float(os.environ.get("SECONDS_PER_CASE", "2"))
    inference(sys.argv[1], seconds)
    training(seconds)
