// TensorFlow.js: lists of weights whose values change type, and weights of other lengths.
import { readTfjs } from "../../../dist/node.js";
import { damageBytes, damageJson } from "../mutate.mjs";
import { sizes } from "./npy.mjs";
import { tidily } from "./safetensors.mjs";

const SIZES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };
let weights;

function makeWeight(random, k) {
  const shape = Array.from({ length: random.below(4) }, () => random.below(4));
  const dtype = random.pick(["float32", "int32", "bool"]);
  const weight = { name: `w${k}`, shape, dtype };
  if (dtype === "float32" && random.chance(0.4)) {
    weight.quantization = { dtype: random.pick(["uint8", "uint16", "float16"]), scale: 0.5, min: -1 };
  }
  return weight;
}

export const tfjs = {
  named: "model.json",
  make(random) {
    const list = Array.from({ length: random.below(4) }, (_, k) => makeWeight(random, k));
    const bytes = list.map(
      ({ shape, dtype, quantization }) => SIZES[quantization?.dtype ?? dtype] * shape.reduce((a, b) => a * b, 1),
    );
    weights = new Uint8Array(bytes.reduce((a, b) => a + b, 0));
    return new TextEncoder().encode(
      JSON.stringify({ format: "layers-model", weightsManifest: [{ paths: ["a.bin"], weights: list }] }),
    );
  },
  damage(bytes, random) {
    if (random.chance(0.2)) weights = damageBytes(weights, random);
    if (random.chance(0.3)) return damageBytes(bytes, random);
    return new TextEncoder().encode(JSON.stringify(damageJson(JSON.parse(new TextDecoder().decode(bytes)), random)));
  },
  read: tidily((bytes) => {
    const { tensors } = readTfjs(new TextDecoder().decode(bytes), [weights], "model.json");
    for (const [name, x] of Object.entries(tensors)) if (sizes(x) !== undefined) return `${name}: ${sizes(x)}`;
    return undefined;
  }),
};
