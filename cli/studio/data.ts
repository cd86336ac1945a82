// The data sets that the studio's server hands to its pages, by address. As with the build's files, an address is looked up and never made into a path.
import { join } from "node:path";
import { type Corpus, findCorpus } from "../../book/corpora.ts";
import type { MnistPart } from "../../src/data/catalogue.ts";
import { findMnist } from "../../src/data/mnist.node.ts";
import { findSst } from "../../src/data/trees/sst.node.ts";

export interface DataFile {
  /** Its path, or null where it is not on this machine. */
  find(): Promise<string | null>;
  /** Bytes, uncompressed, that it may have at most. */
  readonly most: number;
  /** What to say where it is not here. */
  readonly lack: string;
}

const mnist = (part: MnistPart): DataFile => ({
  async find() {
    const place = await findMnist();
    return place.found ? place.paths[part] : null;
  },
  // The largest of the four files.
  most: 47_040_016,
  lack: "MNIST is not on this machine: nabla data get mnist",
});

const treebank = (part: string): DataFile => ({
  async find() {
    const folder = await findSst();
    return folder === null ? null : join(folder, `${part}.txt`);
  },
  most: 50_000_000,
  lack: "The Stanford Sentiment Treebank is not on this machine: NABLA_DATA_DIR names a folder that holds sst/",
});

const text = (name: Corpus, file: string): DataFile => ({
  find: () => findCorpus(name),
  most: 50_000_000,
  lack: `The text is not on this machine: NABLA_DATA_DIR names a folder that holds text/${file}`,
});

export const DATA: ReadonlyMap<string, DataFile> = new Map([
  ["/data/mnist/train-images-idx3-ubyte", mnist("trainImages")],
  ["/data/mnist/train-labels-idx1-ubyte", mnist("trainLabels")],
  ["/data/mnist/t10k-images-idx3-ubyte", mnist("testImages")],
  ["/data/mnist/t10k-labels-idx1-ubyte", mnist("testLabels")],
  ["/data/sst/train.txt", treebank("train")],
  ["/data/sst/dev.txt", treebank("dev")],
  ["/data/sst/test.txt", treebank("test")],
  ["/data/text/tinyshakespeare.txt", text("tinyshakespeare", "tinyshakespeare.txt")],
  ["/data/text/tang300.json", text("tang300", "tang300.json")],
]);
