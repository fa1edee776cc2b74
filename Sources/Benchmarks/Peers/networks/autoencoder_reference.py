"""A small autoencoder in double precision: weights, input, loss, gradients, 20 Adam losses: autoencoder_reference.py FILE."""
import json
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 6, 3, padding=1, bias=False)
        self.an = nn.BatchNorm2d(6)
        self.b = nn.Conv2d(6, 6, 3, padding=1, stride=2, groups=3)
        self.c = nn.Linear(6 * 4 * 4, 3)
        self.d = nn.Linear(3, 96)
        self.e = nn.Conv2d(6, 4, 3, padding=1)
        self.f = nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, x):
        x = F.max_pool2d(F.elu(self.an(self.a(x))), 2)
        z = self.c(F.relu(self.b(x)).flatten(1))
        x = F.elu(self.d(z)).reshape(-1, 6, 4, 4)
        x = F.interpolate(F.relu(self.e(F.interpolate(x, scale_factor=2))), scale_factor=2)
        return z, self.f(x)


def entry(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.12g}") for v in t.detach().flatten()]}


model = Net()
with torch.no_grad():  # what single precision can hold, so that both sides start alike
    for p in model.parameters():
        p.copy_(p.float().double())
x = torch.rand(6, 1, 16, 16).float().double()
start = {n: entry(p) for n, p in model.named_parameters()}
z, y = model(x)
loss = F.binary_cross_entropy_with_logits(y, x)
loss.backward()
grads = {n: entry(p.grad) for n, p in model.named_parameters()}
running = {n: entry(b) for n, b in model.named_buffers() if b.ndim}
result = {"input": entry(x), "weights0": start, "latent": z.tolist(), "logits": entry(y)["data"],
          "loss0": loss.item(), "grads0": grads, "running1": running}
optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
losses = []
for step in range(20):
    optimiser.zero_grad()
    loss = F.binary_cross_entropy_with_logits(model(x)[1], x)
    losses.append(loss.item())
    loss.backward()
    optimiser.step()
    if step == 2:
        result["weights_after_3_adam_steps"] = {n: entry(p) for n, p in model.named_parameters()}
result["adam"] = {"lr": 1e-3, "losses": losses}
json.dump(result, open(sys.argv[1], "w"))
