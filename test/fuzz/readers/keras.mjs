// Weights of Keras in HDF5: files of every type of number (test/oracle/hdf5-types.py) and of whole models, damaged anywhere.
import { readFileSync } from "node:fs";
import { readKeras } from "../../../dist/node.js";
import { damageBytes } from "../mutate.mjs";
import { sizes } from "./npy.mjs";

const oracle = (name) => JSON.parse(readFileSync(new URL(`../../oracle/${name}.json`, import.meta.url), "utf8"));
const files = [
  oracle("hdf5-types").file,
  ...Object.values(oracle("tfjs-models").cases).flatMap(({ keras2, keras3 }) => [keras2, keras3]),
].map((base64) => new Uint8Array(Buffer.from(base64, "base64")));
let h5wasm;

export const keras = {
  named: "a.h5",
  make: (random) => random.pick(files),
  damage: (bytes, random) => damageBytes(bytes, random),
  async read(bytes) {
    h5wasm ??= await import("h5wasm");
    const { tensors } = await readKeras(bytes, h5wasm, "a.h5");
    const wrong = Object.entries(tensors).map(([name, x]) => sizes(x) && `${name}: ${sizes(x)}`);
    return wrong.find((each) => each !== undefined);
  },
};
