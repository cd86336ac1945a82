# The networks of the inference jobs, written with PyTorch: FOLDER/NAME.onnx for ONNX Runtime, FOLDER/NAME.safetensors with the same parameters in the
# order of the layers for Nabla. Parameters are drawn from a fixed seed, running statistics of batch normalisation too, so that leaving any of them
# out shows in the outputs.
import json
import sys

import torch
from torch import nn


def perceptron():
    return nn.Sequential(nn.Linear(784, 30), nn.Sigmoid(), nn.Linear(30, 10), nn.Sigmoid())


def network3():
    return nn.Sequential(
        *(nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(20, 40, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(640, 100), nn.ReLU(), nn.Linear(100, 10), nn.Softmax(1)),
    )


def vgg16():
    layers, channels = [], 3
    for filters in [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]:
        if filters == 0:
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
    layers += [nn.Flatten(), nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers, nn.Softmax(1))


class Block(nn.Module):
    """Two 3x3 convolutions around which the input goes; where the size changes, by a 1x1 convolution."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.inner = nn.Sequential(
            *(nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()),
            *(nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)),
        )
        changes = stride != 1 or channels != filters
        self.shortcut = (
            nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)) if changes else None
        )

    def forward(self, x):
        return torch.relu(self.inner(x) + (x if self.shortcut is None else self.shortcut(x)))


def resnet18():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for filters, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Block(channels, filters, stride), Block(filters, filters, 1)]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000), nn.Softmax(1))


class Bottleneck(nn.Module):
    """Convolutions of 1x1, 3x3 and 1x1 around which the input goes; where the size changes, by a 1x1 convolution."""

    def __init__(self, channels, width, stride):
        super().__init__()
        filters = 4 * width
        self.inner = nn.Sequential(
            *(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()),
            *(nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()),
            *(nn.Conv2d(width, filters, 1, bias=False), nn.BatchNorm2d(filters)),
        )
        changes = stride != 1 or channels != filters
        self.shortcut = (
            nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)) if changes else None
        )

    def forward(self, x):
        return torch.relu(self.inner(x) + (x if self.shortcut is None else self.shortcut(x)))


def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, blocks, stride in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]:
        for i in range(blocks):
            layers.append(Bottleneck(channels, width, stride if i == 0 else 1))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000), nn.Softmax(1))


def resnet18small():
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    channels = 64
    for filters, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Block(channels, filters, stride), Block(filters, filters, 1)]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class Step(nn.Module):
    """One step of an LSTM of 128 on vectors of 64, and 65 outputs."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        # One of its two biases is enough, and Nabla's layer has one.
        nn.init.zeros_(self.lstm.bias_hh_l0)
        self.dense = nn.Linear(128, 65)

    def forward(self, x):
        return torch.softmax(self.dense(self.lstm(x)[0][:, -1]), 1)


NETWORKS = {
    "perceptron": (perceptron, [784]),
    "network3": (network3, [1, 28, 28]),
    "vgg16": (vgg16, [3, 224, 224]),
    "resnet18": (resnet18, [3, 224, 224]),
    "resnet50": (resnet50, [3, 224, 224]),
    "resnet18small": (resnet18small, [3, 32, 32]),
    "lstmStep": (Step, [1, 64]),
}


def make(name):
    torch.manual_seed(1)
    make_network, shape = NETWORKS[name]
    network = make_network()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval(), shape


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.contiguous().numpy().tobytes())


def write(folder, name):
    network, shape = make(name)
    axes = {"x": {0: "n"}, "y": {0: "n"}}
    names = {"input_names": ["x"], "output_names": ["y"], "dynamic_axes": axes}
    torch.onnx.export(network, torch.zeros(1, *shape), f"{folder}/{name}.onnx", opset_version=13, **names)
    without = ("num_batches_tracked", "bias_hh_l0")
    state = {key: value for key, value in network.state_dict().items() if not key.endswith(without)}
    write_safetensors(f"{folder}/{name}.safetensors", state)


if __name__ == "__main__":
    with torch.no_grad():
        for wanted in sys.argv[2:]:
            write(sys.argv[1], wanted)
