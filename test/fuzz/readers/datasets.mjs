// Data sets of a user's own: CSV and tables of it, CIFAR's binary files, a folder of pictures a class, and what dictionaries, tables and scalers save.
import { encode } from "fast-png";
import {
  csvFileRows,
  loadCifar,
  loadClassFolders,
  loadImages,
  scalerFromConfig,
  TableEncoder,
  Vocabulary,
  writeIdx,
} from "../../../dist/node.js";
import { concat, damageBytes, damageJson } from "../mutate.mjs";
import { emptyFolder, onDisk } from "./file.mjs";

const text = (value) => new TextEncoder().encode(value);
const FIELDS = ["", "1", "-2.5", "1e9", "red", '"a ""b"""', '"x,\ny"', "NA", "é", "0"];

/** A table of few columns, the last of them a class. */
function makeTable(random) {
  const columns = random.between(1, 5);
  const end = random.pick(["\n", "\r\n", "\r"]);
  const rows = Array.from({ length: random.between(4, 12) }, (_, k) => [
    ...Array.from({ length: columns }, () => random.pick(FIELDS)),
    k % 2 === 0 ? "yes" : "no",
  ]);
  return text(
    [[...Array.from({ length: columns }, (_, k) => `c${k}`), "label"], ...rows].map((row) => row.join(",")).join(end),
  );
}

/** Marks of CSV and bytes of any kind where they hurt. */
function damageTable(bytes, random) {
  if (random.chance(0.3)) return damageBytes(bytes, random);
  const copy = Array.from(bytes);
  for (let times = random.between(1, 4); times > 0; times--) {
    const piece = random.pick(['"', ",", "\n", "\r", "\0", '""', "\ufeff", ";", "x".repeat(2000), "PK", "\x1f\x8b"]);
    copy.splice(random.below(copy.length + 1), random.below(3), ...text(piece));
  }
  return Uint8Array.from(copy);
}

export const csv = {
  named: "table.csv",
  make: makeTable,
  damage: damageTable,
  async read(bytes) {
    const path = onDisk("table.csv", bytes);
    const rows = csvFileRows(path);
    let encoder;
    try {
      encoder = await TableEncoder.fit(rows, { missing: "mean" });
      for await (const row of rows) {
        const { x } = encoder.encode(row);
        if (x.length !== encoder.features.length) return `${x.length} numbers for ${encoder.features.length} features`;
        if (!x.every(Number.isFinite)) return "a number that is not finite";
      }
    } catch (error) {
      // What the encoder says names line and column; the file is the caller's to name.
      if (error instanceof Error && !error.message.includes(path)) error.message = `${path}: ${error.message}`;
      throw error;
    }
    return undefined;
  },
};

export const cifar = {
  named: "cifar",
  make(random) {
    return concat(
      ...Array.from({ length: random.between(1, 3) }, () =>
        concat(Uint8Array.of(random.below(10)), random.bytes(3072)),
      ),
    );
  },
  damage(bytes, random) {
    if (random.chance(0.5)) return damageBytes(bytes, random);
    const copy = bytes.slice();
    copy[3073 * random.below(Math.floor(copy.length / 3073))] = random.below(256);
    return copy;
  },
  async read(bytes) {
    const folder = emptyFolder("cifar");
    onDisk("cifar/data_batch_1.bin", bytes);
    onDisk("cifar/test_batch.bin", new Uint8Array(3073));
    const { train } = await loadCifar(folder);
    return train.images.length === 3072 * train.count
      ? undefined
      : `${train.images.length} bytes for ${train.count} pictures`;
  },
};

export const pictures = {
  named: "pictures",
  make(random) {
    const channels = random.pick([1, 3]);
    return encode({ width: 6, height: 5, channels, data: random.bytes(30 * channels) });
  },
  damage: (bytes, random) => damageBytes(bytes, random),
  async read(bytes) {
    const folder = emptyFolder("pictures");
    const whole = encode({ width: 6, height: 5, channels: 3, data: new Uint8Array(90) });
    for (const name of ["a/1", "b/1", "b/2"]) onDisk(`pictures/train/${name}.png`, whole);
    onDisk("pictures/train/a/2.png", bytes);
    onDisk("pictures/test/a/1.png", whole);
    const { train } = await loadClassFolders(folder, { channels: 3 });
    return train.images.length === 4 * 90 ? undefined : `${train.images.length} bytes for 4 pictures`;
  },
};

/** Names of files that a folder may hold: whatever lies there, what is read is told or refused. */
const PARTS = [
  "images-idx3-ubyte",
  "labels-idx1-ubyte",
  "images.idx3-ubyte",
  "labels_idx1_ubyte.gz",
  "images-idx3",
  "mapping.txt",
];
const WHOLE = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "test-images-idx3-ubyte",
  "test-labels-idx1-ubyte",
];
export const layout = {
  named: "layout",
  make: () => text(JSON.stringify(WHOLE)),
  damage(_, random) {
    const names = Array.from({ length: random.between(1, 9) }, () => {
      const prefix = random.pick(["", "", "emnist-letters-", "a.b-", ".", "__proto__-", "x/"]);
      const set = random.pick(["train", "test", "t10k", "TRAIN"]);
      return random.pick([
        `${prefix}${set}-${random.pick(PARTS)}`,
        ...["train.csv", "data_batch_1.bin", "train.bin", "a/b.png", "train/a/b.jpg"],
      ]);
    });
    return text(JSON.stringify(names));
  },
  async read(bytes) {
    const folder = emptyFolder("layout");
    const names = JSON.parse(new TextDecoder().decode(bytes));
    const whole = names.join() === WHOLE.join();
    const taken = new Set();
    for (const name of names) {
      // A folder and a file of one name can't be.
      const top = name.split("/")[0];
      if (taken.has(top)) continue;
      taken.add(top);
      const shape = name.includes("images") ? [2, 3, 3] : [2];
      const data = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, k) => k % 2);
      onDisk(`layout/${name}`, whole ? writeIdx({ type: "uint8", shape, data }) : new Uint8Array(0));
    }
    const { train } = await loadImages(folder);
    if (!whole) return "empty files were read";
    return train.count === 2 && train.classes === 2 ? undefined : `${train.count} pictures of ${train.classes} classes`;
  },
};

let kind;
export const configs = {
  named: "config",
  make(random) {
    kind = random.pick(["scaler", "table", "vocabulary"]);
    const column = { name: "a", kind: "oneHot", missing: null, categories: ["x", "y"] };
    const made = {
      scaler: { type: "minMax", shape: [2], offset: [1, 2], scale: [1, 3], range: [0, 1] },
      table: {
        columns: [column, { name: "b", kind: "number", missing: 1, categories: [] }],
        target: { name: "c", classes: ["u"] },
        unknown: "error",
      },
      vocabulary: { level: "words", lowerCase: true, special: ["padding", "unknown"], tokens: ["a", "b"] },
    };
    return text(JSON.stringify(made[kind]));
  },
  damage: (bytes, random) =>
    text(JSON.stringify(damageJson(JSON.parse(new TextDecoder().decode(bytes)), random) ?? null)),
  read(bytes) {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    try {
      if (kind === "scaler") scalerFromConfig(value).config();
      else if (kind === "table")
        TableEncoder.fromConfig(value).encode({ names: ["a", "b"], values: ["x", "1"], line: 1 });
      else Vocabulary.fromConfig(value).encode("a b c");
    } catch (error) {
      if (error instanceof Error) error.message = `config: ${error.message}`;
      throw error;
    }
    return undefined;
  },
};
