// Weights of Keras in HDF5: files of every type of number (test/oracle/hdf5-types.py) and of whole models, damaged anywhere. They are read in the thread that
// loadKeras can stop: HDF5's library never ends on some, and to be told so within the time that a file may take is a refusal as any other.
import { readFileSync } from "node:fs";
import { loadKeras } from "../../../dist/node.js";
import { damageBytes } from "../mutate.mjs";
import { onDisk } from "./file.mjs";
import { sizes } from "./npy.mjs";

const oracle = (name) => JSON.parse(readFileSync(new URL(`../../oracle/${name}.json`, import.meta.url), "utf8"));
const files = [
  oracle("hdf5-types").file,
  ...Object.values(oracle("tfjs-models").cases).flatMap(({ keras2, keras3 }) => [keras2, keras3]),
].map((base64) => new Uint8Array(Buffer.from(base64, "base64")));
/** In seconds: less than the limit of a case, LIMITS in cases.mjs, of which starting the thread takes a part. */
const TIME_LIMIT = 1.2;

export const keras = {
  named: "a.h5",
  make: (random) => random.pick(files),
  damage: (bytes, random) => damageBytes(bytes, random),
  async read(bytes) {
    const { tensors } = await loadKeras(onDisk("a.h5", bytes), { timeLimit: TIME_LIMIT });
    const wrong = Object.entries(tensors).map(([name, x]) => sizes(x) && `${name}: ${sizes(x)}`);
    return wrong.find((each) => each !== undefined);
  },
};
