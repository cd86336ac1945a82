#!/bin/bash
# One would expect ONNX's reference evaluator to run a GridSample of operator set 16, whose modes are called "bilinear" (the default), "nearest" and
# "bicubic". onnx 1.23.1 knows the names of set 20 alone, "linear", "nearest" and "cubic", and refuses the older ones whatever the model's set: PyTorch's
# exports of grid_sample, which name "bilinear", do not run. onnxruntime takes both, as the standard has them, each in its set. A user of Nabla who
# checks an imported network against the reference would take its refusal for a broken file.
set -u
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" >/dev/null 2>&1 || { echo "needs Python 3 with venv"; exit 2; }
"$folder/venv/bin/pip" install -q onnx==1.23.1 >/dev/null 2>&1 || { echo "onnx 1.23.1 could not be installed"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

print("onnx", onnx.__version__)
ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in [("x", [1, 1, 2, 2]), ("grid", [1, 1, 1, 2]), ("y", [1, 1, 1, 1])]]
x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
grid = np.zeros((1, 1, 1, 2), dtype=np.float32)


def run(version, mode):
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], mode=mode)
    graph = helper.make_graph([node], "g", ports[:2], ports[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])
    onnx.checker.check_model(model)
    return ReferenceEvaluator(model).run(None, {"x": x, "grid": grid})[0].item()


newer = run(20, "linear")
print("set 20, linear:", newer)
try:
    older = run(16, "bilinear")
except RuntimeError as error:
    print("set 16, bilinear:", error)
    sys.exit(0 if newer == 1.5 and "nearest, linear, and cubic" in str(error) else 1)
print("set 16, bilinear:", older)
sys.exit(1)
PYTHON
