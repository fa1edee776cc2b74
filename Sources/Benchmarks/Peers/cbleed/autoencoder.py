"""Times PyTorch's training epoch of the pattern autoencoder (8 latent values, 64x64) on one thread.

    pip install torch numpy; python autoencoder.py

Processor time, so that other programs on the machine count for nobody; beside it stands
`swift run -c release Benchmarks cbleed-reading`.
"""
import json
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
PATTERNS, BATCH = 8192, 64


def make():
    layers, before = [], 1
    for width in (8, 16, 32):
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        before = width
    layers += [nn.Flatten(), nn.Linear(2048, 64), nn.ReLU(), nn.Linear(64, 8)]
    layers += [nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2048), nn.ReLU(), nn.Unflatten(1, (32, 8, 8))]
    layers += [nn.Upsample(scale_factor=2)]
    for width in (16, 8):
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2)]
        before = width
    layers += [nn.Conv2d(8, 1, 3, padding=1)]
    return nn.Sequential(*layers)


network = make()
optimiser = torch.optim.Adam(network.parameters(), 1e-3)
loss = nn.BCEWithLogitsLoss()
images = torch.rand(BATCH, 1, 64, 64)


def step():
    optimiser.zero_grad()
    loss(network(images), images).backward()
    optimiser.step()


for _ in range(3):
    step()
times = []
for _ in range(15):
    start = time.process_time()
    step()
    times.append(time.process_time() - start)
seconds = statistics.median(times) * PATTERNS / BATCH
print(json.dumps({"case": "autoencoder training epoch", "by": "PyTorch " + torch.__version__,
                  "median": round(seconds, 2), "unit": "s"}))
