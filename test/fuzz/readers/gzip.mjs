// IDX compressed with gzip, in one member or several, alone or four files in a folder.
import { gzipSync } from "node:zlib";
import { loadImageFolder, writeIdx } from "../../../dist/node.js";
import { concat, damageBytes } from "../mutate.mjs";
import { gzipZeros } from "../zeros.mjs";
import { emptyFolder, onDisk } from "./file.mjs";
import { damageIdx } from "./idx.mjs";

const NAMES = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
];

function compress(bytes, random) {
  const cut = random.below(bytes.length + 1);
  if (random.chance(0.7)) return gzipSync(bytes);
  return concat(gzipSync(bytes.subarray(0, cut)), gzipSync(bytes.subarray(cut)));
}

let parts;
/** One of the four files is the one that is damaged; its bytes are passed on, the others are kept beside. */
function make(random) {
  const [height, width] = [random.between(1, 6), random.between(1, 6)];
  parts = {};
  const counts = [random.between(1, 9), random.between(1, 9)];
  // Every class has a sample to learn from, and nothing else is tested.
  const classes = random.between(1, counts[0]);
  for (const [part, count] of counts.entries()) {
    const [images, labels] = NAMES.slice(2 * part, 2 * part + 2);
    parts[images] = writeIdx({
      type: "uint8",
      shape: [count, height, width],
      data: random.bytes(count * height * width),
    });
    parts[labels] = writeIdx({
      type: "uint8",
      shape: [count],
      data: Uint8Array.from({ length: count }, (_, i) => i % classes),
    });
  }
  parts.chosen = random.pick(NAMES);
  return parts[parts.chosen];
}

async function readFolder(folder) {
  const { train, test } = await loadImageFolder(folder, { classes: 10 });
  for (const { images, labels, count, height, width } of [train, test]) {
    if (images.length !== count * height * width || labels.length !== count) return "sizes that do not agree";
  }
  return undefined;
}

function writeFolder(name, bytes, ending) {
  const folder = emptyFolder(name);
  for (const part of NAMES)
    onDisk(`${name}/${part}${part === parts.chosen ? ending : ""}`, part === parts.chosen ? bytes : parts[part]);
  return folder;
}

export const folder = {
  named: "folder",
  make,
  damage: (bytes, random) => damageIdx(bytes, random),
  read: (bytes) => readFolder(writeFolder("folder", bytes, "")),
};

export const gzip = {
  named: "packed",
  make: (random) => compress(make(random), random),
  damage(bytes, random) {
    const kind = random.below(5);
    if (kind === 0) return compress(damageIdx(parts[parts.chosen], random), random);
    if (kind === 1)
      return concat(
        bytes,
        ...Array.from({ length: random.between(1, 40) }, () => gzipSync(new Uint8Array(random.pick([0, 1, 2 ** 16])))),
      );
    if (kind === 2) return compress(concat(parts[parts.chosen], new Uint8Array(random.pick([1, 2 ** 22]))), random);
    if (kind === 3 && random.chance(0.2)) return concat(bytes, gzipZeros(400));
    return damageBytes(bytes, random);
  },
  read: (bytes) => readFolder(writeFolder("packed", bytes, ".gz")),
};
