# PyTorch's side of run.mjs: processor time of a step of J6 or J9 on one thread, and what the process grew by.
import json
import sys
import time
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent.parent / "lib"))
from networks import make  # noqa: E402


def layer(description):
    kind = description["kind"]
    if kind == "convolution":
        sizes = description["channels"], description["filters"], description["size"]
        return [nn.Conv2d(*sizes, padding=description["padding"]), nn.ReLU()]
    if kind == "dense":
        dense = nn.Linear(description["inputs"], description["outputs"])
        return [dense, nn.ReLU()] if description["activation"] == "relu" else [dense]
    return [nn.MaxPool2d(2)] if kind == "pool" else [nn.Flatten()]


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


job, steps = json.loads(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(1)
shape = [3, 32, 32] if "network" in job else [1, 28, 28]
batch = job["batch"]
x = torch.rand(4 * batch, *shape) - 0.5
y = torch.arange(4 * batch) * 7 % 10
before = resident()
model = make(job["network"])[0] if "network" in job else nn.Sequential(*sum(map(layer, job["layers"]), []))
optimizer = torch.optim.SGD(model.train().parameters(), lr=job["learningRate"])
times = []
for step in range(steps):
    start = time.process_time()
    at = step % 4 * batch
    loss = nn.functional.cross_entropy(model(x[at : at + batch]), y[at : at + batch])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    times.append(1000 * (time.process_time() - start))
print(json.dumps({"milliseconds": min(times), "bytes": resident() - before}))
