// ONNX: whole networks whose messages are damaged, as bytes, as lengths, and as numbers and names within them.
import { Conv2D, Dense, Flatten, LSTM, predict, Sequential, scope, zeros } from "../../../dist/node.js";
import { exportOnnx, importOnnx, readOnnx } from "../../../dist/onnx-node.js";
import { damageBytes, ODD_NUMBERS } from "../mutate.mjs";

const NETWORKS = [
  () =>
    new Sequential([new Dense(4, { activation: "tanh" }), new Dense(2, { activation: "softmax" })], {
      inputShape: [3],
      seed: 1,
    }),
  () =>
    new Sequential([new Conv2D(2, 3, { activation: "relu" }), new Flatten(), new Dense(2)], {
      inputShape: [1, 5, 5],
      seed: 1,
    }),
  () => new Sequential([new LSTM(2), new Dense(1)], { inputShape: [3, 2], seed: 1 }),
];

function make(random) {
  return scope(() => exportOnnx(random.pick(NETWORKS)()));
}

/** One to four bytes exchanged for those that keys, lengths and small numbers have, so that most of the messages can still be read. */
function damageMessages(bytes, random) {
  const copy = bytes.slice();
  for (let times = random.between(1, 4); times > 0; times--) {
    const at = random.below(copy.length);
    copy[at] = random.chance(0.5) ? random.pick(ODD_NUMBERS) & 255 : copy[at] + random.pick([-8, -1, 1, 8]);
  }
  return copy;
}

export const onnx = {
  named: "a.onnx",
  make,
  damage: (bytes, random) => (random.chance(0.3) ? damageBytes(bytes, random) : damageMessages(bytes, random)),
  // Constants of a graph that is given up are left to the garbage collector.
  read: (bytes) =>
    scope(() => {
      const graph = readOnnx(bytes, { name: "a.onnx" });
      const feeds = {};
      for (const { name, type, shape } of graph.inputs) {
        const lengths = (shape ?? []).map((length) => (typeof length === "number" ? Math.min(length, 8) : 1));
        const dtype = type === "float64" || type === "bool" ? type : type?.startsWith("int") ? "int32" : "float32";
        feeds[name] = zeros(lengths, dtype);
      }
      graph.run(feeds);
      const model = importOnnx(bytes, { name: "a.onnx" });
      if (model.inputs.length !== graph.inputs.length) return "the model has other inputs than the graph";
      const [{ shape, dtype }] = model.inputs;
      if (model.inputs.length > 1 || model.outputs.length > 1 || shape.some((length) => length > 64)) return undefined;
      predict(model, zeros([1, ...shape.map((length) => length ?? 1)], dtype));
      return undefined;
    }),
};
