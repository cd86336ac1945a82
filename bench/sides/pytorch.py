# PyTorch's side, written as its users write it: modules, torch.optim, one loop. Batches are views made before the clock starts.

import math
import sys
import time
from pathlib import Path

from serve import Missing, import_started, ramp, read_data, serve


def import_torch():
    try:
        import torch
    except ImportError as error:
        remedy = "install Debian's python3-torch, or name another python in NABLA_BENCH_PYTHON"
        raise Missing(f"{sys.executable} has no torch ({error}); {remedy}")
    return torch


ACTIVATIONS = {"sigmoid": "Sigmoid", "relu": "ReLU"}


def prepare(request):
    if request["job"]["kind"] == "startup":
        return startup(request)
    torch = import_torch()
    torch.set_num_threads(request["threads"])
    return KINDS[request["job"]["kind"]](torch, request)


def networks():
    sys.path.insert(0, str(Path(__file__).parent.parent / "lib"))
    import networks

    return networks


class Training:
    def __init__(self, torch, request):
        import numpy

        self.torch, self.job = torch, request["job"]
        self.version = torch.__version__
        self.array = read_data(numpy, request["data"]) if "data" in request else None
        self.batches = self.make_batches()
        self.loss_of = {
            "quadratic": lambda y, t: ((y - t) ** 2).sum() * (0.5 / t.shape[0]),
            "meanSquaredError": torch.nn.functional.mse_loss,
            "softmax": torch.nn.functional.cross_entropy,
        }[self.job["loss"]]

    def tensor(self, name):
        return self.torch.from_numpy(self.array(name))

    def make_batches(self):
        job, torch = self.job, self.torch
        if job["input"] == "text":
            return [(x, y.reshape(-1)) for x, y in zip(self.tensor(f"tokens.{job['id']}").long(), self.tensor(f"next.{job['id']}").long())]
        if job["input"] == "pictures":
            return self.make_pictures()
        x = self.tensor("images")
        if job["input"] == "images":
            x = x.reshape(-1, 1, 28, 28)
        y = self.tensor("labels").long()
        if job["loss"] != "softmax":
            y = torch.nn.functional.one_hot(y, 10).float()
        return list(zip(x.split(job["batch"]), y.split(job["batch"])))

    def make_pictures(self, batches=4, shape=(3, 32, 32), classes=10):
        """As picturesOf in lib/inference.mjs."""
        import numpy

        size = self.job["batch"]
        count = batches * size
        x = self.torch.from_numpy(ramp(numpy, count * math.prod(shape), 7919)).reshape(count, *shape)
        y = self.torch.arange(count) * 7 % classes
        return list(zip(x.split(size), y.split(size)))

    def make_model(self):
        nn = self.torch.nn
        if "network" in self.job:
            return networks().make(self.job["network"])[0].train()
        modules = []
        for index, layer in enumerate(self.job["layers"]):
            kind = layer["kind"]
            if kind == "dense":
                module = nn.Linear(layer["inputs"], layer["outputs"])
                self.fill(index, weights=module.weight, bias=module.bias)
            elif kind == "convolution":
                module = nn.Conv2d(layer["channels"], layer["filters"], layer["size"], padding=layer["padding"])
                self.fill(index, weights=module.weight, bias=module.bias)
            elif kind == "embedding":
                module = nn.Embedding(layer["words"], layer["size"])
                self.fill(index, weights=module.weight)
            elif kind in ("lstm", "gru"):
                module = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](layer["inputs"], layer["size"])
                self.fill(
                    index,
                    inputWeights=module.weight_ih_l0,
                    stateWeights=module.weight_hh_l0,
                    inputBias=module.bias_ih_l0,
                    stateBias=module.bias_hh_l0,
                )
            else:
                module = {"pool": nn.MaxPool2d(2), "flatten": nn.Flatten(), "rows": Rows(nn)}[kind]
            modules.append(module)
            if kind in ("lstm", "gru"):
                modules.append(Outputs(nn))
            if layer.get("activation", "none") != "none":
                modules.append(getattr(nn, ACTIVATIONS[layer["activation"]])())
        return nn.Sequential(*modules)

    def fill(self, index, **parameters):
        if self.array is None:
            return
        for name, parameter in parameters.items():
            values = self.tensor(f"{self.job['id']}.{index}.{name}")
            dense = name == "weights" and self.job["layers"][index]["kind"] == "dense"
            parameter.data = values.t().contiguous() if dense else values

    def start(self):
        optim = self.torch.optim
        self.model = self.make_model()
        make = {"sgd": optim.SGD, "adam": optim.Adam}[self.job["optimizer"]]
        self.optimizer = make(self.model.parameters(), lr=self.job["learningRate"])
        self.position = 0

    def advance(self, count):
        model, optimizer, loss_of, batches = self.model, self.optimizer, self.loss_of, self.batches
        for _ in range(count):
            x, y = batches[self.position % len(batches)]
            self.position += 1
            loss = loss_of(model(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return loss.item()


def Outputs(nn):
    class Module(nn.Module):
        """What a recurrent layer gives at every step, without its last state."""

        def forward(self, result):
            return result[0]

    return Module()


def Rows(nn):
    class Module(nn.Module):
        """Steps and batch as rows."""

        def forward(self, x):
            return x.reshape(-1, x.shape[-1])

    return Module()


class Product:
    def __init__(self, torch, request):
        import numpy

        size = request["job"]["size"]
        self.version = torch.__version__
        self.a, self.b = (torch.from_numpy(ramp(numpy, size * size, factor)).reshape(size, size) for factor in (7919, 104729))
        self.c = torch.empty(size, size)
        self.mm = torch.mm

    def start(self):
        pass

    def advance(self, count):
        for _ in range(count):
            self.mm(self.a, self.b, out=self.c)
        flat = self.c.reshape(-1)
        return [flat[0].item(), flat[-1].item()]


class Bandwidth:
    def __init__(self, torch, request):
        import numpy

        job = request["job"]
        self.version = torch.__version__
        x, y = (torch.from_numpy(ramp(numpy, job["length"], factor)) for factor in (7919, 104729))
        out = torch.empty_like(x)
        square = x.reshape(2048, -1)
        self.operation = {
            "copy": lambda: out.copy_(x),
            "add": lambda: torch.add(x, y, out=out),
            "scale": lambda: torch.mul(x, 2, out=out),
            "relu": lambda: torch.clamp_min(x, 0, out=out),
            "sum": lambda: x.sum(),
            "sumRows": lambda: square.sum(1),
            "sumColumns": lambda: square.sum(0),
        }[job["operation"]]

    def start(self):
        pass

    def advance(self, count):
        for _ in range(count):
            result = self.operation()
        flat = result.reshape(-1)
        return [flat[0].item(), flat[-1].item()]


class Inference:
    def __init__(self, torch, request):
        import numpy

        job = request["job"]
        self.torch, self.version = torch, torch.__version__
        self.network, shape = networks().make(job["network"])
        shape = [job["batch"], *shape]
        self.x = torch.from_numpy(ramp(numpy, math.prod(shape), 7919)).reshape(shape)

    def start(self):
        pass

    def advance(self, count):
        with self.torch.inference_mode():
            for _ in range(count):
                y = self.network(self.x)
        return y.reshape(-1)[:10].tolist()


class Overhead:
    def __init__(self, torch, request):
        self.version = torch.__version__
        recorded = request["job"]["recorded"]
        self.x = torch.ones(1, requires_grad=recorded)
        self.y = torch.ones(1)

    def start(self):
        pass

    def advance(self, count):
        x, y = self.x, self.y
        for _ in range(count):
            z = x + y
        return z.item()


KINDS = {"training": Training, "inference": Inference, "product": Product, "bandwidth": Bandwidth, "overhead": Overhead}


def startup(request):
    torch = import_torch()
    torch.set_num_threads(request["threads"])
    job = request["job"]["model"]
    training = Training.__new__(Training)
    training.torch, training.job, training.array = torch, job, None
    training.loss_of = lambda y, t: ((y - t) ** 2).sum() * (0.5 / t.shape[0])
    training.batches = [(torch.zeros(job["batch"], 784), torch.zeros(job["batch"], 10))]
    training.start()
    training.advance(1)
    return {"milliseconds": 1000 * (time.perf_counter() - import_started), "version": torch.__version__}


serve(prepare)
