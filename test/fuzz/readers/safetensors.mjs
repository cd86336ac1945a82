// safetensors: headers whose values change type, places that overlap, and bytes of any kind; models in it, too.
import {
  Dense,
  loadModel,
  memory,
  readSafetensors,
  Sequential,
  saveModel,
  scope,
  tensor,
  writeSafetensors,
} from "../../../dist/node.js";
import { concat, damageBytes, damageJson } from "../mutate.mjs";

/** Header and data, to be put together again with the right length. */
function split(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return { header: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))), data: bytes.slice(8 + length) };
}

function join(header, data) {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return concat(length, json, data);
}

function makeTensors(random) {
  const tensors = {};
  for (let k = random.between(1, 4); k > 0; k--) {
    const shape = Array.from({ length: random.below(4) }, () => random.below(4));
    const count = shape.reduce((a, b) => a * b, 1);
    const dtype = random.pick(["float32", "float64", "int32", "bool"]);
    const values = Array.from({ length: count }, () => random.below(2));
    tensors[`t${k}`] = tensor(dtype === "bool" ? values.map(Boolean) : values, { shape, dtype });
  }
  return tensors;
}

export function damage(bytes, random) {
  if (random.chance(0.3)) return damageBytes(bytes, random);
  const { header, data } = split(bytes);
  let damaged = header;
  for (let times = random.between(1, 2); times > 0; times--) damaged = damageJson(damaged, random);
  return join(damaged, random.chance(0.1) ? damageBytes(data, random) : data);
}

/** Reads, and asks that nothing is left in memory of a file that was refused. */
export function tidily(read) {
  return (bytes) => {
    const before = memory().tensors;
    try {
      return scope(() => read(bytes));
    } catch (error) {
      if (memory().tensors !== before)
        error.message += `; and ${memory().tensors - before} tensors are left behind: undefined`;
      throw error;
    }
  };
}

export const safetensors = {
  named: "a.safetensors",
  make: (random) =>
    scope(() => writeSafetensors(makeTensors(random), random.chance(0.5) ? { note: "x", more: "y" } : {})),
  damage,
  read: tidily((bytes) => {
    const { tensors, metadata } = readSafetensors(bytes, "a.safetensors");
    for (const [name, x] of Object.entries(tensors)) {
      if (x.dataSync().length !== x.shape.reduce((a, b) => a * b, 1)) return `${name} has another size`;
    }
    return Object.values(metadata).every((text) => typeof text === "string") ? undefined : "metadata that is no text";
  }),
};

function makeModel(random) {
  return scope(() => {
    const layers = [new Dense(random.between(1, 4), { activation: "tanh" }), new Dense(2)];
    return saveModel(new Sequential(layers, { inputShape: [3], seed: 1 }));
  });
}

export const model = {
  named: "a.model",
  make: makeModel,
  damage(bytes, random) {
    if (random.chance(0.3)) return damage(bytes, random);
    const { header, data } = split(bytes);
    const architecture = damageJson(JSON.parse(header.__metadata__.architecture), random);
    header.__metadata__.architecture = JSON.stringify(architecture) ?? "";
    return join(header, data);
  },
  read: tidily((bytes) => {
    const loaded = loadModel(bytes, "a.model");
    const outputs = loaded.call(
      tensor(new Float32Array(loaded.inputShape.reduce((a, b) => a * b, 1)), { shape: [1, ...loaded.inputShape] }),
    );
    return outputs.dataSync().every(Number.isFinite) ? undefined : "the model answers what is no number";
  }),
};
