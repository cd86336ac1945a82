"""Layers of sequences as PyTorch 1.13 computes them, in float64: writes sequences.json beside this file.

Every case has its parameters, inputs, outputs, the gradients fed into the outputs, and the gradients that come back. Sequences are
[n, time, features]; "lengths" says how many steps count (packed sequences, key padding).
"""
import json
import pathlib
import random

import torch

torch.manual_seed(7)
random.seed(7)
torch.set_default_dtype(torch.float64)


def rounded(value):
    return float(f"{value:.8g}")


def array(x):
    return {"shape": list(x.shape), "data": [rounded(v) for v in x.detach().flatten().tolist()]}


def arrays(named):
    return {name: array(x) for name, x in named.items()}


def finish(name, attrs, inputs, module, outputs):
    """Feeds random gradients into the outputs and notes what comes back."""
    fed = {key: plain(y.shape) for key, y in outputs.items()}
    parameters = dict(module.named_parameters())
    sum((y * fed[key]).sum() for key, y in outputs.items()).backward()
    wanted = {key: x for key, x in inputs.items() if x.requires_grad}
    return {
        "name": name,
        "attrs": attrs,
        "parameters": arrays(parameters),
        "inputs": arrays(inputs),
        "outputs": arrays(outputs),
        "outputGradients": arrays(fed),
        "inputGradients": {key: array(x.grad) for key, x in wanted.items()},
        "parameterGradients": {key: array(p.grad) for key, p in parameters.items()},
    }


def plain(shape):
    """Random numbers of two decimals: short to write down, and exact."""
    return (torch.randn(shape) * 100).round() / 100


def leaf(*shape):
    return plain(shape).requires_grad_()


def simplified(module):
    """The module with parameters of two decimals."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_((p * 100).round() / 100 if p.dim() > 1 else plain(p.shape) / 4)
        for name, p in module.named_parameters():
            if "norm" in name and name.endswith("weight"):
                p.add_(1)
    return module


def recurrent(kind, nonlinearity, layers, both, bias, states, lengths):
    n, steps, features, units = 3, random.choice([3, 4]), 2, random.choice([1, 2, 3])
    options = {"nonlinearity": nonlinearity} if kind == "rnn" else {}
    make = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind]
    module = make(features, units, layers, bias=bias, batch_first=True, bidirectional=both, **options)
    simplified(module)
    inputs = {"x": leaf(n, steps, features)}
    count = layers * (2 if both else 1)
    first = None
    if states:
        inputs["h"] = leaf(count, n, units)
        first = inputs["h"]
        if kind == "lstm":
            inputs["c"] = leaf(count, n, units)
            first = (inputs["h"], inputs["c"])
    counts = [steps, 1, 2] if lengths else None
    given = inputs["x"]
    if counts:
        given = torch.nn.utils.rnn.pack_padded_sequence(given, counts, batch_first=True, enforce_sorted=False)
    y, last = module(given, first)
    if counts:
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=steps)
    outputs = {"y": y, "h": last} if kind != "lstm" else {"y": y, "h": last[0], "c": last[1]}
    attrs = {"kind": kind, "nonlinearity": nonlinearity, "layers": layers, "bidirectional": both, "units": units}
    return finish(f"{kind} {len(cases)}", {**attrs, "lengths": counts, "bias": bias}, inputs, module, outputs)


def attention(heads, cross, causal, lengths, bias):
    n, queries, keys, size = 2, 3, 4 if cross else 3, 4
    module = torch.nn.MultiheadAttention(
        size, heads, bias=bias, batch_first=True, **({"kdim": 3, "vdim": 2} if cross == "three" else {})
    )
    simplified(module)
    inputs = {"query": leaf(n, queries, size)}
    key = value = inputs["query"]
    if cross:
        inputs["value"] = value = leaf(n, keys, 2 if cross == "three" else size)
        key = value
    if cross == "three":
        inputs["key"] = key = leaf(n, keys, 3)
    counts = [keys - 1, keys] if lengths else None
    padding = torch.arange(keys) >= torch.tensor(counts)[:, None] if counts else None
    future = torch.triu(torch.ones(queries, keys, dtype=torch.bool), 1) if causal else None
    y, weights = module(
        inputs["query"], key, value, key_padding_mask=padding, attn_mask=future, average_attn_weights=False
    )
    attrs = {"heads": heads, "causal": causal, "lengths": counts, "bias": bias}
    return finish(f"attention {len(cases)}", attrs, inputs, module, {"y": y, "weights": weights})


def transformer(decoder, first, activation, lengths):
    n, steps, memory, size, heads, hidden = 2, 3, 4, 4, 2, 6
    make = torch.nn.TransformerDecoderLayer if decoder else torch.nn.TransformerEncoderLayer
    module = make(size, heads, hidden, 0.0, activation, batch_first=True, norm_first=first)
    simplified(module)
    inputs = {"x": leaf(n, steps, size)}
    counts = [(memory if decoder else steps) - 1, memory if decoder else steps] if lengths else None
    future = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1)
    padding = torch.arange(memory if decoder else steps) >= torch.tensor(counts)[:, None] if counts else None
    if decoder:
        inputs["memory"] = leaf(n, memory, size)
        y = module(inputs["x"], inputs["memory"], tgt_mask=future, memory_key_padding_mask=padding)
    else:
        y = module(inputs["x"], src_key_padding_mask=padding)
    attrs = {"decoder": decoder, "first": first, "activation": activation, "lengths": counts, "heads": heads, "hidden": hidden}
    return finish(f"{'decoder' if decoder else 'encoder'} {len(cases)}", attrs, inputs, module, {"y": y})


cases = []
for each in [
    ("rnn", "tanh", 1, False, True, False, False),
    ("rnn", "relu", 2, False, False, True, True),
    ("rnn", "tanh", 2, True, True, True, True),
    ("lstm", None, 1, False, True, False, False),
    ("lstm", None, 2, False, True, True, True),
    ("lstm", None, 2, True, False, True, False),
    ("lstm", None, 1, True, True, True, True),
    ("gru", None, 1, False, True, False, False),
    ("gru", None, 2, False, True, True, True),
    ("gru", None, 2, True, True, False, True),
    ("gru", None, 1, False, False, True, False),
]:
    cases.append(recurrent(*each))
for each in [
    (1, None, False, False, True),
    (2, None, True, False, True),
    (2, None, True, True, False),
    (4, "two", False, True, True),
    (2, "three", False, True, True),
]:
    cases.append(attention(*each))
for each in [
    (False, False, "relu", True),
    (False, True, "gelu", False),
    (True, False, "gelu", True),
    (True, True, "relu", False),
]:
    cases.append(transformer(*each))

lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
source = f"PyTorch {torch.__version__}, test/oracle/sequences.py"
target = pathlib.Path(__file__).with_name("sequences.json")
target.write_text(f'{{"source": {json.dumps(source)}, "cases": [\n{lines}\n]}}\n')
print(len(cases), target.stat().st_size)
