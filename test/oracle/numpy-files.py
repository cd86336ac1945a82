"""Files that NumPy writes: every dtype in both byte orders, Fortran order, all versions of the header, npz, and what is refused.

Run with any Python that has NumPy; prints JSON: {"source", "files": {name: base64}, "float16": [[value, bits], ...]}.
"""
import base64
import io
import json
import sys

import numpy as np

files = {}


def add(name, array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), version=version)
    files[name] = base64.b64encode(file.getvalue()).decode()


for code in ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"]:
    values = np.array([[0, 1, 2], [100, 3, 4]]) if code[0] == "u" else np.array([[0, 1, -2], [100, -3, 4]])
    if code[0] == "f":
        values = values * 0.25
    for order in "|" if code[1] == "1" else "<>":
        add(order + code, values.astype(order + code))
add("bool", np.array([[True, False, True], [False, True, True]]))
add("fortran", np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)))
add("fortran, three axes, big-endian", np.asfortranarray(np.arange(24).reshape(2, 3, 4).astype(">i2")))
add("scalar", np.float64(2.5))
add("empty", np.zeros((0, 4), "<f4"))
add("version 2", np.arange(3, dtype="<i4"), (2, 0))
add("version 3", np.arange(3, dtype="<i4"), (3, 0))
add("complex", np.array([1 + 2j]))
add("structured", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))
add("object", np.array([None, 1], dtype=object))
add("text", np.array(["ab"]))
add("date", np.array(["2020-01-01"], dtype="M8[D]"))
add("long double", np.array([1], dtype=np.longdouble))
add("int64 beyond", np.array([1, 2**40]))
add("uint64 beyond", np.array([2**63 + 1], dtype="u8"))
for name, save in (("npz stored", np.savez), ("npz deflated", np.savez_compressed)):
    file = io.BytesIO()
    save(file, a=np.arange(4, dtype="<f4"), b=np.array([[True]]))
    files[name] = base64.b64encode(file.getvalue()).decode()

values = [0, 1, -2, 65504, 6e-8, 1e-7, 2.0**-14, 0.1, 3.14159, 1e-5, 65519, 65520, 1e9, 2049, 2051, 0.9997559]
with np.errstate(over="ignore"):
    bits = np.array(values, "f4").astype("f2").view("u2").tolist()
json.dump({"source": f"NumPy {np.__version__}", "files": files, "float16": list(zip(values, bits))}, sys.stdout, indent=1)
