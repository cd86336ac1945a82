"""Recursive layers as loops over nodes in PyTorch 1.13 compute them, in float64: writes trees.json beside this file.

Every case has trees, parameters, the vectors of the leaves, the states of all inner nodes in the order in which they close, the gradients fed into
them, and the gradients that come back.
"""
import json
import pathlib
import random

import torch

torch.manual_seed(16)
random.seed(16)
torch.set_default_dtype(torch.float64)


def array(x):
    return {"shape": list(x.shape), "data": [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]}


def random_tree(leaves, arity):
    row = list(range(leaves))
    while len(row) > 1:
        at = random.randrange(len(row) - arity + 1)
        row[at : at + arity] = [row[at : at + arity]]
    return row[0]


def fold(tree, leaves, cell, nodes):
    if isinstance(tree, int):
        return leaves[tree]
    state = cell([fold(part, leaves, cell, nodes) for part in tree])
    nodes.append(state)
    return state


def linear_cell(p, f):
    def cell(children):
        c = torch.cat(children)
        z = p["weights"] @ c
        if "bias" in p:
            z = z + p["bias"]
        if "tensor" in p:
            z = z + torch.stack([c @ v @ c for v in p["tensor"]])
        return f(z)

    return cell


def lstm_cell(p, size, arity):
    def cell(children):
        z = p["stateWeights"] @ torch.cat([h for h, _ in children]) + p["stateBias"]
        g = z.split(size)
        c = torch.sigmoid(g[0]) * torch.tanh(g[2 + arity])
        for k, (_, below) in enumerate(children):
            c = c + torch.sigmoid(g[1 + k]) * below
        return torch.sigmoid(g[1 + arity]) * torch.tanh(c), c

    return cell


def lstm_leaf(p, size, x):
    g = (p["inputWeights"] @ x + p["inputBias"]).split(size)
    c = torch.sigmoid(g[0]) * torch.tanh(g[2])
    return torch.sigmoid(g[1]) * torch.tanh(c), c


def case(name, kind, size, arity, lengths, parameters, inputs=None, activation="tanh"):
    inputs = inputs or size
    trees = [random_tree(n, arity) for n in lengths]
    leaves = torch.randn(sum(lengths), inputs, requires_grad=True)
    p = {key: (torch.randn(*shape) * 0.6).requires_grad_() for key, shape in parameters.items()}
    nodes, roots, at = [], [], 0
    for tree, n in zip(trees, lengths):
        own = list(leaves[at : at + n])
        at += n
        if kind == "lstm":
            own = [lstm_leaf(p, size, x) for x in own]
            roots.append(fold(tree, own, lstm_cell(p, size, arity), nodes)[0])
        else:
            f = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "none": lambda z: z}[activation]
            roots.append(fold(tree, own, linear_cell(p, f), nodes))
    states = torch.stack([node[0] if kind == "lstm" else node for node in nodes])
    root = torch.stack(roots)
    d_states, d_root = torch.randn_like(states), torch.randn_like(root)
    torch.autograd.backward([states, root], [d_states, d_root])
    return {
        "name": name,
        "kind": kind,
        "trees": trees,
        "lengths": lengths,
        "activation": activation,
        "leaves": array(leaves),
        "parameters": {key: array(x) for key, x in p.items()},
        "nodes": array(states),
        "root": array(root),
        "dNodes": array(d_states),
        "dRoot": array(d_root),
        "dLeaves": array(leaves.grad),
        "dParameters": {key: array(x.grad) for key, x in p.items()},
    }


cases = []
for activation in ["tanh", "sigmoid", "relu", "none"]:
    cases.append(
        case(f"plain, {activation}", "plain", 3, 2, [5, 1, 2, 9], {"weights": (3, 6), "bias": (3,)}, activation=activation)
    )
cases.append(case("plain, no bias", "plain", 4, 2, [6, 6], {"weights": (4, 8)}))
cases.append(case("three children", "plain", 2, 3, [7, 1, 3, 5], {"weights": (2, 6), "bias": (2,)}))
cases.append(case("tensor", "plain", 3, 2, [4, 7, 1], {"weights": (3, 6), "bias": (3,), "tensor": (3, 6, 6)}))
cases.append(
    case(
        "Tree-LSTM",
        "lstm",
        3,
        2,
        [6, 1, 8, 2],
        {"inputWeights": (9, 4), "inputBias": (9,), "stateWeights": (15, 6), "stateBias": (15,)},
        inputs=4,
    )
)
cases.append(
    case(
        "Tree-LSTM, three children",
        "lstm",
        2,
        3,
        [5, 7],
        {"inputWeights": (6, 3), "inputBias": (6,), "stateWeights": (12, 6), "stateBias": (12,)},
        inputs=3,
    )
)
path = pathlib.Path(__file__).with_name("trees.json")
path.write_text(json.dumps({"source": f"PyTorch {torch.__version__}, float64", "cases": cases}) + "\n")
