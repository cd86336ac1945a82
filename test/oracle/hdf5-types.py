"""An HDF5 file of h5py with an array of every type of number that Keras stores, in both byte orders.

Run with a Python that has h5py; prints JSON: {"source", "file": base64, "values": {name: nested lists}}.
"""
import base64
import io
import json
import sys

import h5py
import numpy as np

file = io.BytesIO()
values = {}
floats = np.array([[0, 1, -2], [100, 3.5, 0.25]])
wholes = np.array([[0, 1, 2], [100, 3, 4]])
with h5py.File(file, "w") as h5:

    def add(name, array, **options):
        h5.create_dataset(name, data=array, **options)
        values[name] = np.asarray(array).tolist()

    for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        base = floats if code[0] == "f" else wholes if code[0] == "u" else wholes * [1, -1, 1]
        for order in "|" if code[1] == "1" else "<>":
            add("types/" + {"<": "little", ">": "big", "|": "byte"}[order] + " " + code, base.astype(order + code))
    add("bool", np.array([True, False]))
    add("scalar f2", np.float16(1.5))
    add("scalar big f4", np.array(2.5, ">f4"))
    add("packed", np.arange(100, dtype=">f4").reshape(10, 10), compression="gzip", shuffle=True)
    # Keras 3 stores bfloat16, which HDF5 has not, as two bytes without a meaning, and an attribute that says what they are.
    half = np.array([1, -2.5, 3.140625], "<f4")
    h5.create_dataset("bfloat16", data=(half.view("<u4") >> 16).astype("<u2").view("V2")).attrs["dtype"] = "bfloat16"
    values["bfloat16"] = half.tolist()

json.dump(
    {"source": f"h5py {h5py.__version__}", "file": base64.b64encode(file.getvalue()).decode(), "values": values},
    sys.stdout,
    indent=1,
)
