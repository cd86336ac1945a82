// Models that Keras 3.16 saved (test/oracle/keras-models.py), and TensorFlow.js: the same outputs here.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  type H5Wasm,
  kerasModel,
  type Model,
  readKeras,
  readTfjs,
  type Tensor,
  tensor,
  transpose,
} from "../../node.ts";

interface Numbers {
  shape: number[];
  data: number[];
}
const oracle = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../test/oracle/${name}.json`, import.meta.url), "utf8")) as T;
const { cases } = oracle<{ cases: Record<string, { keras: string; h5?: string; x: Numbers[]; y: Numbers[] }> }>(
  "keras-models",
);
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

// Not a literal: the checker would ask for its types.
const H5WASM = "h5wasm";
const h5wasm = (await import(H5WASM).catch(() => undefined)) as H5Wasm | undefined;

/** Pictures have their channels last there. */
const here = (x: Tensor): Tensor => (x.rank === 4 ? transpose(x, [0, 3, 1, 2]) : x);

function expectOutputs(model: Model, xs: readonly Numbers[], ys: readonly Numbers[], turned = true): void {
  const inputs = xs.map(({ data, shape }, i) => {
    const x = tensor(data, { shape, dtype: model.inputs[i].dtype });
    return turned ? here(x) : x;
  });
  const outputs = Object.values(model.callAll(inputs));
  expect(outputs).toHaveLength(ys.length);
  outputs.forEach((y, k) => {
    const got = turned && y.rank === 4 ? transpose(y, [0, 2, 3, 1]) : y;
    expect(got.shape).toEqual(ys[k].shape);
    got.dataSync().forEach((value, i) => {
      const wanted = ys[k].data[i];
      expect(Math.abs(value - wanted), `output ${k}, element ${i}: ${value}, not ${wanted}`).toBeLessThan(
        2e-5 * Math.max(1, Math.abs(wanted)),
      );
    });
  });
}

describe.skipIf(h5wasm === undefined)(
  `models that Keras saved (${h5wasm === undefined ? "h5wasm is not installed" : "h5wasm"})`,
  () => {
    test.each(Object.keys(cases))("%s", async (name) => {
      const { keras, h5, x, y } = cases[name];
      const { model } = kerasModel(await readKeras(bytesOf(keras), h5wasm!, "a.keras"), { name: "a.keras" });
      expectOutputs(model, x, y, name !== "first");
      if (h5 !== undefined) {
        const before = kerasModel(await readKeras(new Uint8Array(gunzipSync(bytesOf(h5))), h5wasm!, "a.h5"), {
          name: "a.h5",
        });
        expectOutputs(before.model, x, y);
      }
    });
  },
);

test.skipIf(h5wasm === undefined)("what Keras has no scale for does not learn one here", async () => {
  const { model } = kerasModel(await readKeras(bytesOf(cases["pictures"].keras), h5wasm!));
  const frozen = model.named.filter(({ parameter }) => parameter.frozen).map(({ name }) => name);
  expect(frozen).toEqual(["batch_normalization.gamma"]);
});

const tfjs = oracle<{ cases: Record<string, { json: string; weights: string; x: Numbers; y: Numbers }> }>(
  "tfjs-models",
).cases;

describe("models of TensorFlow.js", () => {
  test.each(Object.keys(tfjs))("%s", (name) => {
    const { json, weights, x, y } = tfjs[name];
    const { model } = kerasModel(readTfjs(json, [bytesOf(weights)]));
    expectOutputs(model, [x], [y]);
  });
});

describe("what can't be a model", () => {
  const dense = (name: string, more: object = {}) => ({
    class_name: "Dense",
    module: "keras.layers",
    config: { name, units: 1, activation: "linear", use_bias: true, ...more },
  });
  const start = { class_name: "InputLayer", module: "keras.layers", config: { name: "x", batch_shape: [null, 2] } };
  const sequential = (...layers: object[]) => ({
    class_name: "Sequential",
    module: "keras",
    config: { name: "s", layers: [start, ...layers] },
  });
  const weights = {
    "layers/dense/vars/0": tensor([[1], [2]]),
    "layers/dense/vars/1": tensor([3]),
  };
  const open = (config: unknown, tensors: Record<string, Tensor> = weights) =>
    kerasModel(
      { tensors, metadata: { config: typeof config === "string" ? config : JSON.stringify(config) } },
      { name: "a.keras" },
    );

  test("one that can: y = x W + b", () => {
    const { model, notes } = open(sequential(dense("d", { bias_constraint: { class_name: "NonNeg", config: {} } })));
    expect(model.call(tensor([[10, 1]])).toArray()).toEqual([[15]]);
    expect(model.layer("d").type).toBe("dense");
    expect(notes).toEqual(["d: bias_constraint is left out; it acts while training only"]);
  });

  test("a layer whose call has no inputs", () => {
    const call = (layer: string) => ({ class_name: "__keras_tensor__", config: { keras_history: [layer, 0, 0] } });
    const graph = (args: object[]) => ({
      class_name: "Functional",
      module: "keras",
      config: {
        name: "f",
        layers: [
          { ...start, name: "x", inbound_nodes: [] },
          { ...dense("d"), name: "d", inbound_nodes: [{ args, kwargs: {} }] },
        ],
        input_layers: ["x", 0, 0],
        output_layers: ["d", 0, 0],
      },
    });
    expect(
      open(graph([call("x")]))
        .model.call(tensor([[10, 1]]))
        .toArray(),
    ).toEqual([[15]]);
    expect(() => open(graph([]))).toThrow('a.keras: a call of layer "d" has no inputs');
  });

  test("names that fill pages are cut in errors", () => {
    const long = "Layer".repeat(10_000);
    const strange = { class_name: long, module: "keras.layers", config: { name: long } };
    const error = (() => {
      try {
        open(sequential(strange));
      } catch (caught) {
        return String(caught);
      }
      return "";
    })();
    expect(error).toMatch(/LayerLayer.*the layer is not supported/);
    expect(error.length).toBeLessThan(500);
  });

  test("all layers that there is nothing for are named at once", () => {
    const layers = [
      dense("a"),
      { class_name: "Conv3D", module: "keras.layers", config: { name: "b" } },
      { class_name: "Lambda", module: "keras.layers", config: { name: "c" } },
      { class_name: "Mine", module: "__main__", config: { name: "d" } },
      dense("e", { activation: "cube" }),
      { ...dense("f"), module: "elsewhere" },
    ];
    expect(() => open(sequential(...layers))).toThrow(
      'a.keras: 5 layers have nothing that they could be here: b (Conv3D): the layer is not supported; c (Lambda): the layer is not supported; d (Mine): the layer is not supported; e (Dense): activation "cube" is not supported; f (Dense): a class of one\'s own, from elsewhere, is not supported',
    );
  });

  test.each<[string, unknown, Record<string, Tensor>, RegExp]>([
    ["no JSON", "{", weights, /^a\.keras: its configuration is not JSON$/],
    ["no model", {}, weights, /its configuration describes no model/],
    [
      "a class of one's own",
      { ...sequential(dense("d")), class_name: "Mine" },
      weights,
      /the model is of the class "Mine"/,
    ],
    ["no layers", { class_name: "Sequential", config: { layers: [] } }, weights, /has no layers/],
    [
      "settings of another type",
      sequential(dense("d", { units: "1" })),
      weights,
      /d \(Dense\): units is "1", not a whole number/,
    ],
    ["one name twice", sequential(dense("d"), dense("d")), weights, /two layers are called "d"/],
    [
      "weights of another shape",
      sequential(dense("d"), dense("e", { units: 2 })),
      { ...weights, "layers/dense_1/vars/0": tensor([[1]]), "layers/dense_1/vars/1": tensor([1]) },
      /weights are not those of its architecture: e\.weights is of shape \(1, 1\) there and \(1, 2\) here/,
    ],
    [
      "too few weights",
      sequential(dense("d"), dense("e")),
      weights,
      /has no weights for layer "e"; it has those of dense/,
    ],
    [
      "a layer without its bias",
      sequential(dense("d")),
      { "layers/dense/vars/0": tensor([[1], [2]]) },
      /d\.bias is missing/,
    ],
    [
      "weights that are not finite",
      sequential(dense("d")),
      { ...weights, "layers/dense/vars/1": tensor([Number.NaN]) },
      /NaN/,
    ],
    [
      "no shape of inputs",
      { class_name: "Sequential", config: { name: "s", layers: [dense("d")] } },
      weights,
      /model "s" does not say the shape of its inputs/,
    ],
    [
      "a connection to nothing",
      {
        class_name: "Functional",
        config: {
          ...{ name: "f", input_layers: ["x", 0, 0], output_layers: ["d", 0, 0] },
          layers: [
            { ...start, name: "x", inbound_nodes: [] },
            { ...dense("d"), name: "d", inbound_nodes: [[["y", 0, 0, {}]]] },
          ],
        },
      },
      weights,
      /layer "d" takes what no layer gives/,
    ],
  ])("%s", (_, config, tensors, message) => {
    expect(() => open(config, tensors)).toThrow(message);
  });

  test("weights alone say what to do", () => {
    expect(() => kerasModel({ tensors: weights, metadata: {} }, { name: "a.h5" })).toThrow(
      /^a\.h5: it holds weights alone, no architecture; save the model/,
    );
  });
});

test("a functional model of Keras 2, with a model within that counts its calls from one", () => {
  const start = (name: string, batch_input_shape: (number | null)[]) => ({
    class_name: "InputLayer",
    name,
    config: { name, batch_input_shape, dtype: "float32" },
    inbound_nodes: [],
  });
  const dense = (name: string, units: number, inbound: unknown) => ({
    class_name: "Dense",
    name,
    config: { name, units, activation: "linear", use_bias: false },
    inbound_nodes: inbound,
  });
  const inner = {
    class_name: "Model",
    name: "inner",
    config: {
      name: "inner",
      layers: [start("z", [null, 2]), dense("d", 2, [[["z", 0, 0, {}]]])],
      input_layers: [["z", 0, 0]],
      output_layers: [["d", 0, 0]],
    },
    inbound_nodes: [[["x", 0, 0, {}]], [["inner", 1, 0, {}]]],
  };
  const config = {
    class_name: "Model",
    config: {
      ...{ name: "outer", input_layers: [["x", 0, 0]], output_layers: [["sum", 0, 0]] },
      layers: [
        start("x", [null, 2]),
        inner,
        {
          class_name: "Add",
          name: "sum",
          config: { name: "sum" },
          inbound_nodes: [
            [
              ["inner", 1, 0, {}],
              ["inner", 2, 0, {}],
            ],
          ],
        },
      ],
    },
  };
  const tensors = {
    "inner/d/kernel:0": tensor([
      [0, 1],
      [2, 0],
    ]),
  };
  const { model } = kerasModel({ tensors, metadata: { model_config: JSON.stringify(config), keras_version: "2.4.0" } });
  // [1, 10] times the matrix is [20, 1], and again [2, 20].
  expect(model.call(tensor([[1, 10]])).toArray()).toEqual([[22, 21]]);
});
