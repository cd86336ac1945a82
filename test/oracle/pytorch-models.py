"""Models of torch.nn with random parameters: what torch.save writes of each, an input and the output.

Run with any Python that has PyTorch; prints JSON: {"source", "cases": {name: {"file": base64, "x": {"shape", "data"}, "y"}}}.
"""
import base64
import io
import json
import sys

import torch
from torch import nn

torch.manual_seed(3)
cases = {}


def array(x):
    return {"shape": list(x.shape), "data": [float(f"{v:.8g}") for v in x.detach().double().flatten().tolist()]}


class Last(nn.Module):
    """The outputs of a recurrent module alone."""

    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x):
        return self.rnn(x)[0]


class Attend(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)[0]


class Decode(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(8, 2, 16, dropout=0, batch_first=True)

    def forward(self, x):
        causal = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.layer(x, x, tgt_mask=causal)


def add(name, model, x):
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    model.eval()
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    cases[name] = {"file": base64.b64encode(file.getvalue()).decode(), "x": array(x), "y": array(model(x))}


add("dense", nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2, bias=False)), torch.randn(2, 3))
add(
    "pictures",
    nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 2, groups=4), nn.Flatten(), nn.Linear(36, 2)),
    torch.randn(2, 2, 6, 6),
)
add("transposed", nn.Sequential(nn.ConvTranspose2d(2, 3, 3, stride=2), nn.PReLU(3)), torch.randn(1, 2, 3, 3))
add("normalised", nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6)), torch.randn(2, 4))
add("groups", nn.Sequential(nn.Conv2d(2, 4, 1), nn.GroupNorm(2, 4)), torch.randn(1, 2, 3, 3))
add("words", nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2)), torch.tensor([[0, 4, 2]]))
add("lstm", Last(nn.LSTM(3, 4, num_layers=2, batch_first=True)), torch.randn(2, 5, 3))
add("gru", Last(nn.GRU(3, 4, batch_first=True)), torch.randn(2, 5, 3))
add("rnn", Last(nn.RNN(3, 4, batch_first=True)), torch.randn(2, 5, 3))
add("both directions", Last(nn.LSTM(3, 2, batch_first=True, bidirectional=True)), torch.randn(2, 5, 3))
add("attention", Attend(), torch.randn(1, 3, 8))
add("encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0, batch_first=True), 2), torch.randn(1, 3, 8))
add("decoder", Decode(), torch.randn(1, 3, 8))
json.dump({"source": f"PyTorch {torch.__version__}", "cases": cases}, sys.stdout, indent=1)
