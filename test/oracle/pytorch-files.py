"""Files that torch.save writes, in both forms: dtypes, strides, shared storages, parameters, checkpoints, and what is refused.

Run with any Python that has PyTorch; prints JSON: {"source", "files": {name: base64}}.
"""
import base64
import collections
import io
import json
import pickle
import sys
import tarfile
import warnings

import torch

warnings.simplefilter("ignore")
files = {}


def add(name, value, forms=(True, False), **options):
    for zipped in forms:
        file = io.BytesIO()
        torch.save(value, file, _use_new_zipfile_serialization=zipped, **options)
        files[f"{name}, {'zip' if zipped else 'old'}"] = base64.b64encode(file.getvalue()).decode()


dtypes = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
add("dtypes", {name: torch.tensor([0.0, 1, 100]).to(getattr(torch, name)) for name in dtypes})
whole = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
add(
    "strides",
    collections.OrderedDict(
        whole=whole,
        transposed=whole.permute(2, 0, 1),
        part=whole[1, 1:, ::2],
        expanded=torch.tensor([[1.0], [2.0]]).expand(2, 3),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 4),
        channels_last=torch.arange(16.0).reshape(1, 2, 2, 4).to(memory_format=torch.channels_last),
    ),
)
torch.manual_seed(1)
model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.BatchNorm2d(2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model(torch.ones(2, 1, 2, 2)).sum().backward()
optimizer.step()
checkpoint = {
    "epoch": 3,
    "best": 0.5,
    "model": model.state_dict(),
    "optimizer": optimizer.state_dict(),
    "parameters": list(model.parameters()),
    "dtype": torch.float16,
    "size": torch.Size([1, 2]),
    "device": torch.device("cuda", 1),
    "labels": ("cat", "dog"),
    "bytes": b"ab",
    "set": {1},
    "nothing": None,
    "large": 2**70,
    "by number": {1: torch.ones(1)},
}
add("checkpoint", checkpoint)
add("checkpoint, protocol 5", checkpoint, (True,), pickle_protocol=5)
add("one tensor", torch.tensor([1, 2]))
for name, value in {
    "module": model,
    "complex": torch.tensor([1j]),
    "sparse": torch.eye(2).to_sparse(),
    "quantised": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    "beyond": torch.tensor([1, 2**40]),
    "ordinary class": collections.Counter(a=1),
}.items():
    add(name, value, (True,))
file = io.BytesIO()
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), file)
files["script"] = base64.b64encode(file.getvalue()).decode()
files["pickle"] = base64.b64encode(pickle.dumps({"x": torch.ones(1)})).decode()
file = io.BytesIO()
with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
    tar.addfile(tarfile.TarInfo("sys_info"), io.BytesIO())
files["tar"] = base64.b64encode(file.getvalue()[:1024]).decode()
json.dump({"source": f"PyTorch {torch.__version__}", "files": files}, sys.stdout, indent=1)
