// A network of the page as a program: it makes the same network, trains it on the same digits, and lets it learn from the same corrections, to the same numbers.
// recipes.ts and lesson.ts are what it writes down.
import type { DigitSource } from "../compute/digit-sources.ts";
import { type Correction, toBase64 } from "./corrections.ts";
import type { Preset } from "./networks.ts";

export interface Lesson {
  readonly corrections: readonly Correction[];
  readonly steps: number;
  readonly rate: number;
}

const NETWORKS: Readonly<Record<Preset, { readonly names: readonly string[]; readonly code: string }>> = {
  first: {
    names: ["Dense", "SGD"],
    code: `const layers = [
  new Dense(30, { activation: "sigmoid", weights: "normal", bias: "normal" }),
  new Dense(10, { activation: "sigmoid", weights: "normal", bias: "normal" }),
];
const model = new Sequential(layers, { inputShape: [784], seed: 1 });
const optimizer = new SGD({ learningRate: 3 });
await fit(model, training, { epochs: 6, batchSize: 10, loss: "quadratic", optimizer, seed: 1 });`,
  },
  dense: {
    names: ["Dense", "SGD"],
    code: `const layers = [
  new Dense(100, { activation: "sigmoid", weights: "scaled", bias: "normal" }),
  new Dense(10, { activation: "sigmoid", weights: "scaled", bias: "normal" }),
];
const model = new Sequential(layers, { inputShape: [784], seed: 1 });
// Nielsen's lambda of 5 for 50,000 images: the same decay of weights a step.
const lambda = (5 * count) / 50_000;
const optimizer = new SGD({ learningRate: 0.3, weightDecay: lambda / count });
await fit(model, training, { epochs: 6, batchSize: 10, loss: "crossEntropy", optimizer, seed: 1 });`,
  },
  convolution: {
    names: ["Conv2D", "Dense", "Dropout", "Flatten", "MaxPooling2D", "schedule"],
    code: `const layers = [
  new Conv2D(8, 5, { activation: "relu" }),
  new MaxPooling2D(2),
  new Conv2D(16, 5, { activation: "relu" }),
  new MaxPooling2D(2),
  new Flatten(),
  new Dense(64, { activation: "relu" }),
  new Dropout(0.3),
  new Dense(10, { activation: "softmax" }),
];
const model = new Sequential(layers, { inputShape: [1, 28, 28], seed: 1 });
const [epochs, batchSize] = [2, 50];
const length = epochs * Math.ceil(count / batchSize);
await fit(model, training, { epochs, batchSize, seed: 1, schedule: schedule.cosine(0.003, { length }) });`,
  },
};

export function programOf(preset: Preset, source: DigitSource, images: number, lesson?: Lesson): string {
  const { names, code } = NETWORKS[preset];
  const layout = preset === "convolution" ? `, "images"` : "";
  const learns = lesson !== undefined && lesson.corrections.length > 0;
  const used = [
    ...[...names, "evaluate", "fit", "saveModel", "Sequential", "toSamples"],
    source === "drawn" ? "digits" : "mnist",
    ...(learns ? ["Adam", "loadModel", "tensor"] : []),
  ];
  const byName = (a: string, b: string): number => a.toLowerCase().localeCompare(b.toLowerCase());
  return `// A network of the studio's page of digits. It trains to the same numbers as on the page, and is written to network.safetensors.
// npm install nabla, then run this file; before Node 22.18: npx tsx FILE.
import { writeFileSync } from "node:fs";
import { ${used.sort(byName).join(", ")} } from "nabla";

${
  source === "drawn"
    ? `const sets = digits({ train: ${images}, test: 1000 });`
    : "// nabla data get mnist, or NABLA_DATA_DIR.\nconst sets = await mnist();"
}
const count = Math.min(${images}, sets.train.count);
const first = { ...sets.train, images: sets.train.images.subarray(0, 784 * count), labels: sets.train.labels.subarray(0, count), count };
const training = toSamples(first${layout});

${code}
${learns ? lessonCode(lesson, layout !== "") : "const trained = model;\n"}
const { accuracy } = evaluate(trained, toSamples(sets.test${layout}));
console.log("right", accuracy);
writeFileSync("network.safetensors", saveModel(trained));
`;
}

function lessonCode({ corrections, steps, rate }: Lesson, pictures: boolean): string {
  return `
// What was said to be read wrongly: 784 bytes each, in Base64.
const corrections: readonly { digit: number; pixels: string }[] = [
${corrections.map(({ digit, pixels }) => `  { digit: ${digit}, pixels: "${toBase64(pixels)}" },`).join("\n")}
];
const shades = (bytes: Uint8Array): number[] => Array.from(bytes, (byte) => byte / 255);
// Together with digits that it has learnt already, which weigh as much as all corrections.
const replayed = Math.min(200, count);
const pixels = [
  ...corrections.flatMap((each) => shades(Buffer.from(each.pixels, "base64"))),
  ...shades(first.images.subarray(0, 784 * replayed)),
];
const all = corrections.length + replayed;
const lesson = {
  x: tensor(Float32Array.from(pixels), { shape: ${pictures ? "[all, 1, 28, 28]" : "[all, 784]"} }),
  y: tensor(Int32Array.from([...corrections.map(({ digit }) => digit), ...first.labels.subarray(0, replayed)])),
  sampleWeights: tensor(
    Float32Array.from({ length: all }, (_, i) => (i < corrections.length ? replayed / corrections.length : 1)),
  ),
};
const trained = loadModel(saveModel(model));
await fit(trained, lesson, {
  ...{ epochs: ${steps}, batchSize: all, shuffle: false, seed: 1, optimizer: new Adam({ learningRate: ${rate} }) },
});
`;
}
