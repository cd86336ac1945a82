# Models of Keras 3 with random weights: the .keras file that model.save writes, an input and the output of each; a few also as .h5, as Keras wrote them before, gzipped.
# The outputs are those of Keras' own layers; it runs on any of its backends.
#
#   KERAS_BACKEND=numpy python3 keras-models.py > keras-models.json        made with Keras 3.16.0
import base64
import gzip
import json
import os
import sys
import tempfile
import zipfile

import keras
import numpy as np
from keras import layers as L

keras.utils.set_random_seed(1)
rng = np.random.default_rng(1)


def dense():
    return keras.Sequential([keras.Input((3,)), L.Dense(4, activation="tanh"), L.Dropout(0.5), L.Dense(2, use_bias=False), L.Softmax()])


def pictures():
    return keras.Sequential(
        [
            keras.Input((9, 8, 2)),
            L.RandomFlip("horizontal"),
            L.Rescaling(1 / 127.5, offset=-1),
            L.Conv2D(4, (3, 2), padding="same", activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            L.BatchNormalization(scale=False),
            L.MaxPooling2D(2),
            L.Conv2D(6, 3, strides=2, padding="same", groups=2, use_bias=False),
            L.BatchNormalization(),
            L.ReLU(max_value=6),
            L.Flatten(),
            L.Dense(5, activation="gelu"),
        ]
    )


def mobile():
    """Branches, gates and a residual connection, as MobileNet's blocks have them; a layer that is used twice."""
    x = keras.Input((8, 7, 3), name="picture")
    y = L.ZeroPadding2D(((0, 1), (1, 0)))(x)
    y = L.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="valid", name="depth wise")(y)
    y = L.LayerNormalization()(y)
    y = L.Activation("hard_swish")(y)
    z = L.SeparableConv2D(6, 3, padding="same", depth_multiplier=2, activation="silu")(y)
    gate = L.GlobalAveragePooling2D(keepdims=True)(z)
    gate = L.Conv2D(6, 1, activation="hard_sigmoid")(gate)
    z = L.Multiply()([z, gate])
    y = L.Add()([y, z])
    shared = L.Conv2D(6, 1, dilation_rate=1, activation="relu6")
    y = L.Concatenate()([shared(y), shared(z), L.AveragePooling2D(3, strides=1, padding="same")(y)])
    a = L.Flatten()(L.MaxPooling2D(2, padding="same")(y))
    b = L.GlobalMaxPooling2D()(y)
    both = L.Concatenate()([a, b])
    return keras.Model(x, [L.Dense(3, name="first")(both), L.Dense(2, activation="sigmoid", name="second")(b)])


def layout():
    """What axes are called: dense layers, softmax, reshaping and permuting on pictures."""
    x = keras.Input((4, 6, 3))
    y = L.Dense(4, activation="elu")(x)
    y = L.Softmax()(y)
    y = L.Reshape((8, 12))(y)
    y = L.Permute((2, 1))(y)
    y = L.Reshape((4, 4, 6))(y)
    y = L.Permute((3, 1, 2))(y)
    y = L.PReLU(shared_axes=[1, 2])(y)
    y = L.UpSampling2D((1, 2))(y)
    y = L.GroupNormalization(groups=2)(y)
    y = L.Conv2DTranspose(3, 3, strides=2, padding="same")(y)
    y = L.LeakyReLU(negative_slope=0.3)(y)
    y = L.Conv2DTranspose(2, 2, strides=3, padding="valid")(y)
    return keras.Model(x, y)


def transposed():
    return keras.Sequential([keras.Input((5, 4, 2)), L.Conv2DTranspose(3, (3, 4), strides=(1, 2), padding="valid"), L.UpSampling2D(2, interpolation="bilinear")])


def series():
    return keras.Sequential(
        [
            keras.Input((9, 3)),
            L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"),
            L.BatchNormalization(),
            L.MaxPooling1D(2),
            L.Conv1D(4, 3, strides=2, padding="same"),
            L.AveragePooling1D(2, strides=1, padding="same"),
            L.SpatialDropout1D(0.2),
            L.LayerNormalization(),
            L.TimeDistributed(L.Dense(3, activation="softplus")),
            L.GlobalAveragePooling1D(),
            L.RepeatVector(2),
            L.GaussianNoise(0.1),
        ]
    )


def words():
    return keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            L.Embedding(7, 4, mask_zero=True),
            L.Bidirectional(L.LSTM(3, return_sequences=True)),
            L.LSTM(2),
        ]
    )


def recurrent():
    x = keras.Input((6, 3))
    a = L.GRU(4, return_sequences=True)(x)
    b = L.GRU(4, reset_after=False, return_sequences=True)(x)
    c = L.Bidirectional(L.SimpleRNN(4, return_sequences=True), merge_mode="sum")(x)
    d = L.Average()([a, b, c])
    e = L.Maximum()([L.Subtract()([a, b]), L.Minimum()([c, d])])
    return keras.Model(x, L.Bidirectional(L.GRU(2, activation="tanh"), merge_mode="ave")(e))


def attention():
    x = keras.Input((5, 6))
    y = keras.Input((4, 6))
    a = L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    b = L.MultiHeadAttention(2, 4, value_dim=3, use_bias=False)(L.Add()([x, a]), value=y)
    z = L.Dot(axes=(2, 2))([a, b])
    return keras.Model([x, y], [L.LayerNormalization(scale=False)(b + x), z])


def nested():
    """Models in models, used twice, with layers of one name in both."""
    inner = keras.Sequential([keras.Input((4, 4, 2)), L.Conv2D(3, 2, name="same"), L.Flatten(), L.Dense(4, name="other")])
    z = keras.Input((4,))
    outer = keras.Model(z, L.Dense(2, name="same")(L.ELU()(z)), name="tail")
    a = keras.Input((4, 4, 2))
    b = keras.Input((4, 4, 2))
    difference = L.Subtract()([inner(a), inner(b)])
    return keras.Model([a, b], L.Dense(3)(outer(difference)))


def first():
    """Channels first, as it is here."""
    return keras.Sequential(
        [
            keras.Input((2, 6, 5)),
            L.Conv2D(3, 2, data_format="channels_first", activation="tanh"),
            L.BatchNormalization(axis=1),
            L.MaxPooling2D(2, data_format="channels_first"),
            L.Flatten(),
            L.Dense(3),
        ]
    )


def numbers(x):
    x = np.asarray(x)
    return {"shape": list(x.shape), "data": [float(f"{value:.8g}") for value in x.flatten().tolist()]}


def file_of(model, name):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        model.save(path)
        if name.endswith(".keras"):
            # The same files, deflated and without the day.
            smaller = path + ".zip"
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED) as new:
                for entry in old.namelist():
                    new.writestr(zipfile.ZipInfo(entry), old.read(entry), zipfile.ZIP_DEFLATED)
            path = smaller
        with open(path, "rb") as file:
            content = file.read()
        # HDF5 is mostly empty.
        return base64.b64encode(gzip.compress(content, mtime=0) if name.endswith(".h5") else content).decode()


cases = {}
for make in [dense, pictures, mobile, layout, transposed, series, words, recurrent, attention, nested, first]:
    model = make()
    for variable in model.variables:
        if variable.dtype == "float32":
            values = rng.normal(0, 0.5, variable.shape)
            variable.assign((np.abs(values) + 0.5 if "variance" in variable.path else values).astype("float32"))
    inputs = [
        rng.integers(0, 7, (2, *x.shape[1:])) if x.dtype.startswith("int") else rng.normal(0, 1, (2, *x.shape[1:])).astype("float32")
        for x in model.inputs
    ]
    if make is words:
        inputs[0][:, 3:] = 0
        # This version of Keras loses masks behind recurrent layers, with a warning; those before pass them on.
        for layer in model.layers:
            layer.supports_masking = True
    if make is pictures:
        inputs[0] = inputs[0] * 100 + 100
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    case = {
        "keras": file_of(model, "a.keras"),
        "x": [numbers(x) for x in inputs],
        "y": [numbers(y) for y in (outputs if isinstance(outputs, list) else [outputs])],
    }
    if make in (pictures, words, nested):
        case["h5"] = file_of(model, "a.h5")
    cases[make.__name__] = case
    print(make.__name__, len(case["keras"]), len(case.get("h5", "")), file=sys.stderr)
json.dump({"keras": keras.__version__, "cases": cases}, sys.stdout)
print()
