# Makes pytorch-onnx.json: small networks as PyTorch exports them to ONNX (torch.onnx.export), in base64, with inputs and what PyTorch answers.
# Needs PyTorch and the Python package onnx: Debian's python3-torch 1.13.1 and python3-onnx 1.12.0.
#   python3 test/oracle/pytorch-onnx.py > test/oracle/pytorch-onnx.json
import base64
import io
import json
import sys
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(1)


class Sequences(nn.Module):
    """Words, read in both directions by two layers, and the mean over time."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(7, 4)
        self.lstm = nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(6, 3, batch_first=True)
        self.last = nn.Linear(3, 2)

    def forward(self, x):
        y, _ = self.lstm(self.words(x))
        z, h = self.gru(y)
        return self.last(z.mean(1)), h


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.groups = nn.GroupNorm(2, 4)
        self.last = nn.Linear(4, 3)
        nn.init.normal_(self.norm.running_mean)
        nn.init.uniform_(self.norm.running_var, 0.5, 1.5)

    def forward(self, x):
        y = torch.relu(self.norm(self.first(x)))
        y = nn.functional.max_pool2d(y + self.groups(self.second(y)), 2, ceil_mode=True)
        y = nn.functional.adaptive_avg_pool2d(nn.functional.silu(y), 1).flatten(1)
        return nn.functional.log_softmax(self.last(y), 1)


class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(2, 3, 3, stride=2, output_padding=1)
        self.slopes = nn.PReLU(3)

    def forward(self, x):
        y = self.slopes(self.up(x))
        return nn.functional.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)[:, :, 1:-1, ::2]


def case(name, model, inputs, dynamic, opset):
    model.eval()
    names = ["x"] if len(inputs) == 1 else [f"x{i}" for i in range(len(inputs))]
    with torch.no_grad():
        outputs = model(*inputs)
    outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
    results = [f"y{i}" for i in range(len(outputs))]
    file = io.BytesIO()
    axes = {each: dynamic for each in names} if dynamic else None
    torch.onnx.export(model, tuple(inputs), file, opset_version=opset, input_names=names, output_names=results, dynamic_axes=axes)
    array = lambda t: {"shape": list(t.shape), "dtype": str(t.dtype).replace("torch.", ""), "data": t.flatten().tolist()}
    return {
        "name": name,
        "opset": opset,
        "onnx": base64.b64encode(file.getvalue()).decode(),
        "inputs": {n: array(t) for n, t in zip(names, inputs)},
        "outputs": {n: array(t) for n, t in zip(results, outputs)},
    }


cases = []
for opset in (9, 13, 17):
    dense = nn.Sequential(nn.Linear(3, 5), nn.GELU(), nn.LayerNorm(5), nn.Linear(5, 2), nn.Softmax(-1))
    cases.append(case(f"dense layers, opset {opset}", dense, [torch.randn(4, 3)], {0: "batch"}, opset))
    cases.append(case(f"a residual network, opset {opset}", Residual(), [torch.randn(2, 2, 7, 6)], {0: "batch"}, opset))
    cases.append(case(f"recurrent layers, opset {opset}", Sequences(), [torch.randint(7, (2, 5))], {0: "batch", 1: "time"}, opset))
for opset in (13, 17):
    cases.append(case(f"transposed convolution, opset {opset}", Up(), [torch.randn(1, 2, 4, 3)], {0: "batch"}, opset))
    encoder = nn.TransformerEncoderLayer(4, 2, dim_feedforward=6, batch_first=True, activation="gelu")
    # In training mode the layer is written as operators; its dropout is 0.
    encoder.dropout.p = encoder.dropout1.p = encoder.dropout2.p = encoder.self_attn.dropout = 0.0
    for p in encoder.parameters():
        p.requires_grad_(True)
    cases.append(case(f"a transformer's encoder, opset {opset}", encoder, [torch.randn(2, 3, 4)], {0: "batch"}, opset))
# Recurrent layers of an open batch before version 9: ConstantFill.
cases.append(case("recurrent layers, opset 8", Sequences(), [torch.randint(7, (2, 5))], {0: "batch", 1: "time"}, 8))
json.dump({"source": f"PyTorch {torch.__version__}", "cases": cases}, sys.stdout)
sys.stdout.write("\n")
