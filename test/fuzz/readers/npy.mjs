// npy and npz: headers that are changed below their length, archives whose sizes and places are changed, checksums repaired.
import { deflateRawSync } from "node:zlib";
import { readNpy, readNpz, scope, tensor, writeNpy, writeNpz } from "../../../dist/node.js";
import { concat, damageBytes, ODD_NUMBERS } from "../mutate.mjs";
import { tidily } from "./safetensors.mjs";

const DTYPES = [
  "float64",
  "float32",
  "float16",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint64",
  "uint32",
  "uint16",
  "uint8",
];

function makeTensor(random) {
  const shape = Array.from({ length: random.below(4) }, () => random.below(5));
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Array.from({ length: count }, () => random.below(128)),
    { shape, dtype: "int32" },
  );
}

const make = (random) => scope(() => writeNpy(makeTensor(random), { dtype: random.pick(DTYPES) }));

/** Characters of the header exchanged for others that a header has, in the same length. */
function damageHeader(bytes, random) {
  const copy = bytes.slice();
  const length = Math.min(copy.length, 10 + copy[8] + 256 * copy[9]);
  for (let times = random.between(1, 4); times > 0 && length > 10; times--) {
    copy[10 + random.below(length - 10)] = random
      .pick([..."'{}(),:0123456789<>|=-fiubcOUVMTrueFals L\n\\"])
      .charCodeAt(0);
  }
  return copy;
}

function damageNpy(bytes, random) {
  return random.chance(0.6) ? damageHeader(bytes, random) : damageBytes(bytes, random);
}

export function sizes(x) {
  const count = x.shape.reduce((a, b) => a * b, 1);
  return x.dataSync().length === count ? undefined : `${x.dataSync().length} elements for shape (${x.shape})`;
}

export const npy = {
  named: "a.npy",
  make,
  damage: damageNpy,
  read: tidily((bytes) => sizes(readNpy(bytes, "a.npy"))),
};

/** Numbers in the headers of a zip archive changed, 16 or 32 bits wide. */
export function damageZip(bytes, random) {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const heads = [];
  for (let at = 0; at + 4 <= copy.length; at++) if (copy[at] === 0x50 && copy[at + 1] === 0x4b) heads.push(at);
  for (let times = random.between(1, 3); times > 0 && heads.length > 0; times--) {
    const at = random.pick(heads) + random.between(4, 46);
    if (at + 4 > copy.length) continue;
    if (random.chance(0.5)) view.setUint32(at, random.pick([...ODD_NUMBERS, random.below(copy.length)]), true);
    else view.setUint16(at, random.pick([0, 1, 8, 9, 255, 65535, random.below(100)]), true);
  }
  return copy;
}

const bombs = new Map();
/** Zeros, deflated once for all cases. */
function deflated(length) {
  if (!bombs.has(length)) bombs.set(length, deflateRawSync(new Uint8Array(length)));
  return bombs.get(length);
}

let parts;
/** Entries that say they are larger or smaller than what they inflate to. */
function bomb(random) {
  const packed = deflated(random.pick([2 ** 20, 2 ** 20, 2 ** 20, 2 ** 25]));
  const zip = scope(() => writeNpz({ x: tensor([1]) }, { compress: true }));
  const at = zip.indexOf(0x93) > 0 ? 30 + 5 : 35;
  const view = new DataView(zip.buffer);
  const old = view.getUint32(18, true);
  const grown = concat(zip.slice(0, at), packed, zip.slice(at + old));
  const shift = packed.length - old;
  const again = new DataView(grown.buffer);
  const central = at + packed.length;
  again.setUint32(central + 20, packed.length, true);
  again.setUint32(central + 24, random.pick([1, 128, 2 ** 20, 2 ** 26, 2 ** 31, 2 ** 32 - 1]), true);
  again.setUint32(grown.length - 6, view.getUint32(zip.length - 6, true) + shift, true);
  return grown;
}

export const npz = {
  named: "a.npz",
  make(random) {
    parts = Object.fromEntries(Array.from({ length: random.below(4) }, (_, k) => [`t${k}`, k]));
    return scope(() => {
      for (const name of Object.keys(parts)) parts[name] = makeTensor(random);
      return writeNpz(parts, { compress: random.chance(0.5) });
    });
  },
  damage(bytes, random) {
    if (random.chance(0.1)) return bomb(random);
    return random.chance(0.7) ? damageZip(bytes, random) : damageBytes(bytes, random);
  },
  read: tidily((bytes) => {
    for (const [name, x] of Object.entries(readNpz(bytes, "a.npz").tensors)) {
      if (sizes(x) !== undefined) return `${name}: ${sizes(x)}`;
    }
    return undefined;
  }),
};
