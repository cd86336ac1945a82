# PyTorch's side of training.mjs: prints the bytes that STEPS steps of ResNet-18 took beside what was resident before the model.
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "lib"))
from networks import make  # noqa: E402


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


steps, batch, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
x = torch.rand(4 * batch, 3, 32, 32) - 0.5
y = torch.arange(4 * batch) * 7 % 10
before = resident()
model = make("resnet18small")[0].train()
optimizer = torch.optim.SGD(model.parameters(), lr=rate)
for step in range(steps):
    at = step % 4 * batch
    loss = torch.nn.functional.cross_entropy(model(x[at : at + batch]), y[at : at + batch])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
print(resident() - before)
