// What data sets there are, which files they consist of, and how to know that a file is the right one.
// Checksums are of the uncompressed content: the same content compresses to different bytes from one mirror to the next.

/** One file of a data set. */
export interface DataFile {
  /** Name without `.gz`. */
  readonly name: string;
  /** Length of the uncompressed content. */
  readonly bytes: number;
  /** SHA-256 of the uncompressed content, in hexadecimal. */
  readonly sha256: string;
  /** Length of the compressed file at the mirrors, for the progress shown before a server tells it. */
  readonly downloadBytes: number;
}

/** A data set that a person can name on the command line. */
export interface DataSetEntry {
  readonly name: string;
  readonly title: string;
  /** `generated` sets are made on the spot; `downloaded` ones consist of `files`, kept in a folder called `name`. */
  readonly source: "generated" | "downloaded";
  readonly files: readonly DataFile[];
  /** Folders on the web that hold each file as `<name>.gz`, in the order in which they are tried. */
  readonly mirrors: readonly string[];
}

/** The parts of MNIST, and of every folder laid out like it. */
export type MnistPart = "trainImages" | "trainLabels" | "testImages" | "testLabels";

/** The four files of MNIST by the part they play. */
export const mnistFiles: Readonly<Record<MnistPart, DataFile>> = {
  trainImages: {
    name: "train-images-idx3-ubyte",
    bytes: 47_040_016,
    sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    downloadBytes: 9_912_422,
  },
  trainLabels: {
    name: "train-labels-idx1-ubyte",
    bytes: 60_008,
    sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    downloadBytes: 28_881,
  },
  testImages: {
    name: "t10k-images-idx3-ubyte",
    bytes: 7_840_016,
    sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    downloadBytes: 1_648_877,
  },
  testLabels: {
    name: "t10k-labels-idx1-ubyte",
    bytes: 10_008,
    sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    downloadBytes: 4_542,
  },
};

/** Every data set that Nabla knows by name. */
export const catalogue: readonly DataSetEntry[] = [
  {
    name: "digits",
    title: "Handwriting-like digits 0-9, 28x28, generated on the spot",
    source: "generated",
    files: [],
    mirrors: [],
  },
  {
    name: "mnist",
    title: "MNIST: 60,000 handwritten digits for training and 10,000 for test, 28x28",
    source: "downloaded",
    files: Object.values(mnistFiles),
    mirrors: ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
  },
];

/** The entry called `name`.
 *
 * @throws if there is none; the names that exist are listed */
export function dataSetEntry(name: string): DataSetEntry {
  const entry = catalogue.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    const names = catalogue.map((candidate) => candidate.name).join(", ");
    throw new Error(`no data set is called "${name}"; there are: ${names}`);
  }
  return entry;
}
