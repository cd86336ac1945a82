// The README's table of formats: each cell is done here. What it says is read and written is read and written, on disk by Node's library and as bytes by the
// browser's, from the files that other programs wrote (test/oracle); what it says of those programs is what made these files.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import * as onnxNode from "../../src/io/onnx/index.node.ts";
import * as node from "../../src/node.ts";
import { inFolder } from "../python.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const oracle = <T>(name: string): T => JSON.parse(textOf(`test/oracle/${name}.json`)) as T;
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));

/** Lines of the table, each cell by its column's name. */
function tableOf(markdown: string): Record<string, string>[] {
  const lines = markdown.split("\n");
  const head = lines.findIndex((line) => /^\| format +\| read +\|/.test(line));
  const cells = (line: string) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const names = cells(lines[head]);
  const end = lines.findIndex((line, i) => i > head && !line.startsWith("|"));
  return lines.slice(head + 2, end).map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i], cell])));
}

const rows = tableOf(textOf("README.md"));
const namesIn = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name);

// What a page loads, in the place of Node's library; not literals: dist is built, and has no types at hand.
type Browser = typeof import("../../src/index.ts");
type BrowserOnnx = typeof import("../../src/io/onnx/index.ts");
const browserFiles = { nabla: join(root, "dist/index.js"), onnx: join(root, "dist/onnx.js") };
const browser = (await import(browserFiles.nabla)) as Browser;
const browserOnnx = (await import(browserFiles.onnx)) as BrowserOnnx;

// Not a literal: the checker would ask for its types.
const H5WASM = "h5wasm";
const h5wasm = (await import(H5WASM).catch(() => undefined)) as node.H5Wasm;

interface Row {
  /** By the names that the cell holds: each is called, and throws if its result is not what it should be. */
  read: Record<string, (folder: string) => unknown>;
  write: Record<string, (folder: string) => unknown>;
  /** By what the cell says; `absent` are words of what must then not be there. */
  browser: { says: string; read?: () => unknown; write?: () => unknown; absent?: RegExp };
  /** Throws if the cell says what the files at hand do not. */
  verified(says: string): void;
}

interface Numbers {
  shape: number[];
  data: number[];
}

const VALUES = [
  [1.5, -2],
  [0.1, 3e4],
];
const WRITTEN = [
  [1.5, -2],
  [Math.fround(0.1), 3e4],
];
const here = () => ({ "a/w": node.tensor(VALUES) });
const there = () => ({ "a/w": browser.tensor(VALUES) });

/** Puts bytes on disk, reads them by path. */
async function fromDisk<T>(folder: string, name: string, bytes: Uint8Array | string, load: (path: string) => T) {
  writeFileSync(join(folder, name), bytes);
  return await load(join(folder, name));
}

/** Writes a file, gives its bytes. */
async function toDisk(folder: string, name: string, save: (path: string) => Promise<unknown>): Promise<Uint8Array> {
  await save(join(folder, name));
  return Uint8Array.from(readFileSync(join(folder, name)));
}

interface Arrays {
  tensors: Record<string, { toArray(): unknown }>;
}
const expectWritten = ({ tensors }: Arrays) => expect(tensors["a/w"].toArray()).toEqual(WRITTEN);

function expectNear(got: ArrayLike<number>, { data }: Numbers, within = 2e-5): void {
  expect(got).toHaveLength(data.length);
  data.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `element ${i}`).toBeLessThan(within * Math.max(1, Math.abs(value)));
  });
}

/** That a test asks the program itself, where the machine has it. */
const asks = (file: string, words: RegExp) => expect(words.test(textOf(file)), `${words} in ${file}`).toBe(true);

const numpy = oracle<{ source: string; files: Record<string, string> }>("numpy-files");
const torch = oracle<{ source: string; files: Record<string, string> }>("pytorch-files");
const torchModels = oracle<{ source: string; cases: object }>("pytorch-models");
const hdf5 = oracle<{ file: string; values: Record<string, unknown> }>("hdf5-types");
const keras = oracle<{ keras: string; cases: Record<string, { keras: string; x: Numbers[]; y: Numbers[] }> }>(
  "keras-models",
);
const tfjs = oracle<{
  source: string;
  cases: Record<string, { json: string; weights: string; x: Numbers; y: Numbers }>;
}>("tfjs-models");
const pictures = oracle<{ source: string; pictures: Record<string, { file: string; width: number; height: number }> }>(
  "pictures",
);
const fromTorch = oracle<{ source: string; cases: { name: string; onnx: string }[] }>("pytorch-onnx");
/** What Python's wave module wrote: src/io/wav.test.ts. */
const WAVE = Uint8Array.from(Buffer.from(/"(52494646[0-9a-f]+)"/.exec(textOf("src/io/wav.test.ts"))![1], "hex"));

const dense = (from: Pick<Browser, "Sequential" | "Dense">) =>
  new from.Sequential([new from.Dense(3, { activation: "tanh" })], { inputShape: [2], seed: 1 });
const FORTRAN = [
  [0, 1, 2],
  [3, 4, 5],
];

const half = () => node.writeSafetensors({ "a/w": node.tensor(VALUES), b: node.tensor([1]) });
const trainedByKeras = (model: Pick<node.Model, "call">) => {
  const { x, y } = keras.cases["dense"];
  expectNear(model.call(node.tensor(x[0].data, { shape: x[0].shape })).dataSync(), y[0]);
};

async function expectPicture(folder: string, name: string, file: Uint8Array, width: number, height: number) {
  const picture = await fromDisk(folder, name, file, (path) => node.readImageFile(path));
  expect([picture.width, picture.height]).toEqual([width, height]);
}

const TABLE: Readonly<Record<string, Row>> = {
  "ONNX, from `nabla/onnx`": {
    read: {
      loadOnnx: (folder) =>
        fromDisk(folder, "a.onnx", bytesOf(fromTorch.cases[0].onnx), async (path) => {
          expect((await onnxNode.loadOnnx(path)).inputs.length).toBeGreaterThan(0);
        }),
      importOnnx() {
        const model = dense(node);
        const again = onnxNode.importOnnx(onnxNode.exportOnnx(model));
        const x = node.tensor(VALUES);
        expectNear(again.call(x).dataSync(), { shape: [2, 3], data: [...model.call(x).dataSync()] });
      },
    },
    write: {
      async saveOnnx(folder) {
        const model = dense(node);
        const bytes = await toDisk(folder, "a.onnx", (path) => onnxNode.saveOnnx(model, path));
        expect(bytes).toEqual(onnxNode.exportOnnx(model));
      },
      exportOnnx: () => expect(onnxNode.exportOnnx(dense(node)).length).toBeGreaterThan(100),
    },
    browser: {
      says: "both",
      read: () => expect(browserOnnx.readOnnx(bytesOf(fromTorch.cases[0].onnx)).inputs.length).toBeGreaterThan(0),
      write: () => expect(browserOnnx.exportOnnx(dense(browser) as never)).toEqual(onnxNode.exportOnnx(dense(node))),
    },
    verified(says) {
      expect(says).toBe("the standard's cases; onnxruntime-node 1.30");
      asks("test/onnx/onnx.test.ts", /runCase\(/);
      asks("test/onnx/export.test.ts", /inRuntime\(|runOnRuntime\(/);
      const folder = process.env["NABLA_ONNXRUNTIME"];
      const list = folder === undefined ? "" : join(folder, "node_modules/onnxruntime-node/package.json");
      if (existsSync(list)) expect(JSON.parse(readFileSync(list, "utf8"))).toMatchObject({ version: /^1\.30\./ });
    },
  },
  "safetensors, one file or several with an index": {
    read: {
      async loadSafetensors(folder) {
        await fromDisk(folder, "a.safetensors", half(), async (path) =>
          expectWritten(await node.loadSafetensors(path)),
        );
        const list = { metadata: {}, weight_map: { "a/w": "a.safetensors", b: "a.safetensors" } };
        await fromDisk(folder, "a.safetensors.index.json", JSON.stringify(list), async (path) =>
          expectWritten(await node.loadSafetensors(path)),
        );
      },
    },
    write: {
      async saveSafetensors(folder) {
        const bytes = await toDisk(folder, "a.safetensors", (path) => node.saveSafetensors(path, here()));
        expectWritten(node.readSafetensors(bytes));
      },
    },
    browser: {
      says: "both; single tensors of a Blob",
      async read() {
        expectWritten(browser.readSafetensors(half()));
        const lazy = await browser.openSafetensors(new Blob([half() as Uint8Array<ArrayBuffer>]));
        expect((await lazy.read("a/w")).toArray()).toEqual(WRITTEN);
      },
      write: () => expectWritten(node.readSafetensors(browser.writeSafetensors(there() as never))),
    },
    verified(says) {
      expect(says).toBe("the format's rules");
      asks("src/io/safetensors.test.ts", /overlap/);
    },
  },
  "NumPy's npy and npz": {
    read: {
      loadNpy: (folder) =>
        fromDisk(folder, "a.npy", bytesOf(numpy.files["fortran"]), async (path) =>
          expect((await node.loadNpy(path)).toArray()).toEqual(FORTRAN),
        ),
      loadNpz: (folder) =>
        fromDisk(folder, "a.npz", bytesOf(numpy.files["npz deflated"]), async (path) =>
          expect((await node.loadNpz(path)).tensors["a"].toArray()).toEqual([0, 1, 2, 3]),
        ),
    },
    write: {
      async saveNpy(folder) {
        const bytes = await toDisk(folder, "a.npy", (path) => node.saveNpy(path, node.tensor(VALUES)));
        expect(node.readNpy(bytes).toArray()).toEqual(WRITTEN);
      },
      async saveNpz(folder) {
        expectWritten(node.readNpz(await toDisk(folder, "a.npz", (path) => node.saveNpz(path, here()))));
      },
    },
    browser: {
      says: "both",
      read() {
        expect(browser.readNpy(bytesOf(numpy.files["fortran"])).toArray()).toEqual(FORTRAN);
        expect(browser.readNpz(bytesOf(numpy.files["npz stored"])).tensors["a"].toArray()).toEqual([0, 1, 2, 3]);
      },
      write() {
        expect(node.readNpy(browser.writeNpy(browser.tensor(VALUES) as never)).toArray()).toEqual(WRITTEN);
        expectWritten(node.readNpz(browser.writeNpz(there() as never)));
      },
    },
    verified(says) {
      expect(says).toBe(`NumPy ${/\d+\.\d+/.exec(numpy.source)}, both ways, to the byte`);
      asks("src/io/npy.test.ts", /runPython\(\s*"numpy"/);
    },
  },
  "PyTorch's .pt and .pth, old and new": {
    read: {
      async loadPyTorch(folder) {
        for (const form of ["zip", "old"]) {
          await fromDisk(folder, "a.pt", bytesOf(torch.files[`one tensor, ${form}`]), async (path) =>
            expect((await node.loadPyTorch(path)).tensors["tensor"].toArray()).toEqual([1, 2]),
          );
        }
      },
    },
    write: {
      async savePyTorch(folder) {
        expectWritten(node.readPyTorch(await toDisk(folder, "a.pt", (path) => node.savePyTorch(path, here()))));
      },
    },
    browser: {
      says: "both",
      read: () =>
        expect(browser.readPyTorch(bytesOf(torch.files["one tensor, old"])).tensors["tensor"].toArray()).toEqual([
          1, 2,
        ]),
      write: () => expectWritten(node.readPyTorch(browser.writePyTorch(there() as never))),
    },
    verified(says) {
      const models = Object.keys(torchModels.cases).length;
      expect(says).toBe(`PyTorch ${/\d+\.\d+/.exec(torch.source)}, both ways, outputs of ${models} models`);
      expect(torchModels.source).toBe(torch.source);
      asks("src/io/pytorch.test.ts", /runPython\(\s*"torch"/);
    },
  },
  "Keras' .keras, .h5 and .weights.h5, with h5wasm": {
    read: {
      async loadKeras(folder) {
        for (const name of ["a.h5", "a.weights.h5"]) {
          await fromDisk(folder, name, bytesOf(hdf5.file), async (path) => {
            const { tensors } = await node.loadKeras(path);
            expect(Object.fromEntries(Object.entries(tensors).map(([key, x]) => [key, x.toArray()]))).toEqual(
              hdf5.values,
            );
          });
        }
      },
      kerasModel: (folder) =>
        fromDisk(folder, "a.keras", bytesOf(keras.cases["dense"].keras), async (path) =>
          trainedByKeras(node.kerasModel(await node.loadKeras(path)).model),
        ),
    },
    write: {
      async saveKeras(folder) {
        const bytes = await toDisk(folder, "a.weights.h5", (path) => node.saveKeras(path, here()));
        expectWritten(await node.readKeras(bytes, h5wasm));
      },
    },
    browser: {
      says: "both",
      async read() {
        const { tensors } = await browser.readKeras(bytesOf(hdf5.file), h5wasm);
        expect(Object.fromEntries(Object.entries(tensors).map(([key, x]) => [key, x.toArray()]))).toEqual(hdf5.values);
      },
      write: async () =>
        expectWritten(await node.readKeras(await browser.writeKeras(there() as never, h5wasm), h5wasm)),
    },
    verified(says) {
      const models = Object.keys(keras.cases).length;
      expect(says).toBe(`Keras ${/\d+\.\d+/.exec(keras.keras)}, both ways, outputs of ${models} models`);
      asks("src/io/foreign/export-keras.test.ts", /kerasParameters\(/);
    },
  },
  "TensorFlow.js, quantised too": {
    read: {
      loadTfjs: (folder) => {
        const { json, weights, x, y } = tfjs.cases["dense"];
        const [{ paths }] = (JSON.parse(json) as { weightsManifest: { paths: string[] }[] }).weightsManifest;
        writeFileSync(join(folder, paths[0]), bytesOf(weights));
        return fromDisk(folder, "model.json", json, async (path) => {
          const { model } = node.kerasModel(await node.loadTfjs(path));
          expectNear(model.call(node.tensor(x.data, { shape: x.shape })).dataSync(), y);
        });
      },
    },
    write: {},
    browser: {
      says: "read",
      read() {
        const { json, weights, x, y } = tfjs.cases["dense"];
        const { model } = browser.kerasModel(browser.readTfjs(json, [bytesOf(weights)]));
        expectNear(model.call(browser.tensor(x.data, { shape: x.shape })).dataSync(), y);
        const quantization = { dtype: "uint8", scale: 0.5, min: -1 };
        const list = [{ paths: ["a.bin"], weights: [{ name: "w", shape: [2], dtype: "float32", quantization }] }];
        const quantised = browser.readTfjs(JSON.stringify(list), [Uint8Array.of(0, 255)]);
        expect(quantised.tensors["w"].toArray()).toEqual([-1, 126.5]);
      },
      absent: /^(write|save)\w*Tfjs/,
    },
    verified(says) {
      const models = Object.keys(tfjs.cases).length;
      expect(says).toBe(`TensorFlow.js ${/\d+\.\d+/.exec(tfjs.source)}, outputs of ${models} models`);
    },
  },
  WAV: {
    read: {
      loadWav: (folder) =>
        fromDisk(folder, "a.wav", WAVE, async (path) =>
          expect((await node.loadWav(path)).samples.shape).toEqual([2, 3]),
        ),
    },
    write: {
      async saveWav(folder) {
        const { samples, sampleRate } = node.readWav(WAVE);
        expect(await toDisk(folder, "a.wav", (path) => node.saveWav(path, samples, { sampleRate }))).toEqual(WAVE);
      },
    },
    browser: {
      says: "both",
      read: () => expect(browser.readWav(WAVE).format).toBe("pcm16"),
      write: () => expect(browser.writeWav(browser.readWav(WAVE).samples, { sampleRate: 8000 })).toEqual(WAVE),
    },
    verified(says) {
      expect(says).toBe("Python's wave, both ways");
      asks("src/io/wav.test.ts", /runPython\(\s*"wave"/);
    },
  },
  "PNG, JPEG, GIF, WebP (with @jsquash/webp)": {
    read: {
      async readImageFile(folder) {
        const data = Uint8Array.from({ length: 16 * 8 }, (_, k) => 8 * (k % 16));
        await expectPicture(folder, "a.png", encode({ width: 16, height: 8, channels: 1, data }), 16, 8);
        const [gif, webp] = [pictures.pictures["GIF, interlaced"], pictures.pictures["WebP, lossy"]];
        await expectPicture(folder, "a.gif", bytesOf(gif.file), gif.width, gif.height);
        await expectPicture(folder, "a.webp", bytesOf(webp.file), webp.width, webp.height);
        const { jpeg } = (await import(join(root, "test/fuzz/readers/jpeg.mjs"))) as { jpeg: ReaderOfFuzz };
        const { Random } = (await import(join(root, "test/fuzz/random.mjs"))) as {
          Random: new (...n: number[]) => object;
        };
        const picture = await fromDisk(folder, "a.jpg", jpeg.make(new Random(1, 1)), (path) =>
          node.readImageFile(path),
        );
        expect(picture.data).toHaveLength(picture.width * picture.height * picture.channels);
      },
    },
    write: {},
    browser: { says: "no", absent: /^(read|write|load|save)\w*(Image|Png|Jpeg|Gif|Webp)/i },
    verified(says) {
      expect(says).toBe(`${pictures.source.split(" ")[0]} (GIF, WebP)`);
      const kinds = new Set(Object.keys(pictures.pictures).map((name) => name.split(",")[0]));
      expect([...kinds].sort()).toEqual(["GIF", "WebP"]);
    },
  },
};

interface ReaderOfFuzz {
  make(random: object): Uint8Array;
}

test("the table has the rows that are done here, and its columns", () => {
  expect(rows.map(({ format }) => format)).toEqual(Object.keys(TABLE));
  for (const row of rows)
    expect(Object.keys(row)).toEqual(["format", "read", "write", "in the browser", "verified against"]);
});

test("a page loads nothing of Node's with the library", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name] of readFileSync(file, "utf8").matchAll(/^(?:import|export)[^"';]*["']([^"']+)["'];?$/gm)) {
      expect(name, file).toMatch(/^\.\//);
      visit(join(dirname(file), name));
    }
  };
  for (const file of Object.values(browserFiles)) visit(file);
  expect(seen.size).toBeGreaterThan(3);
  for (const name of ["loadKeras", "loadNpy", "readImageFile"]) expect(Object.keys(browser)).not.toContain(name);
});

describe.each(Object.entries(TABLE))("%s", (format, row) => {
  const cells = rows.find((each) => each["format"] === format) ?? {};
  const needed = /h5wasm/.test(format) && h5wasm === undefined ? ": h5wasm is not installed" : "";

  for (const [column, proofs] of [
    ["read", row.read],
    ["write", row.write],
  ] as const) {
    test(`${column}: the cell names what is done here`, () => {
      expect(namesIn(cells[column])).toEqual(Object.keys(proofs));
      if (Object.keys(proofs).length === 0) expect(cells[column]).toBe("no");
    });
    for (const [name, prove] of Object.entries(proofs))
      test.skipIf(needed !== "")(`${column}: ${name}${needed}`, async () => {
        expect({ ...node, ...onnxNode }).toHaveProperty(name);
        await inFolder(prove);
      });
  }

  test.skipIf(needed !== "")(`in the browser: ${row.browser.says}${needed}`, async () => {
    const { says, read, write, absent } = row.browser;
    expect(cells["in the browser"]).toBe(says);
    expect([read !== undefined, write !== undefined]).toEqual([says !== "no", says.startsWith("both")]);
    await read?.();
    await write?.();
    const names = Object.keys({ ...browser, ...browserOnnx });
    if (absent !== undefined) expect(names.filter((name) => absent.test(name))).toEqual([]);
    if (Object.keys(row.write).length === 0)
      expect(Object.keys(node).filter((name) => absent?.test(name) && /^(save|write)/.test(name))).toEqual([]);
  });

  test("verified against", () => {
    row.verified(cells["verified against"]);
  });
});
