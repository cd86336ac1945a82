// A run as a program of its own: TypeScript that needs the package `nabla` and the run's data, makes the same network and trains it to the same numbers.
import { basename, extname, join, resolve } from "node:path";
import { packageOf, withImports } from "../../book/sources.ts";
import packageJson from "../../package.json" with { type: "json" };
import { holdOut } from "../../src/data/image-set.ts";
import { hasHeader } from "../../src/data/images-path.node.ts";
import { TableEncoder } from "../../src/data/table-encoder.ts";
import { DIGITS, type TableFile, tableOf } from "../datasets.ts";
import { UserError } from "../errors.ts";
import { packageFolder } from "../package-folder.ts";
import { LOSS_OF, type RunConfig } from "../run-config.ts";
import { callsOfRun } from "../run-layers.ts";
import { readTextFile } from "../run-schema.ts";
import { ENCODING, TEST_SHARE, targetOf } from "../table.ts";
import type { TextConfig } from "../text-config.ts";
import type { TreeConfig } from "../tree-config.ts";

/** Longer lists of rows are for nobody to read. */
const MOST_ROWS = 100_000;

const code = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(code).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).filter(([, each]) => each !== undefined);
  if (parts.length === 0) return "{}";
  return `{ ${parts.map(([key, each]) => `${/^\w+$/.test(key) ? key : JSON.stringify(key)}: ${code(each)}`).join(", ")} }`;
};

class Program {
  readonly names = new Set<string>();
  readonly lines: string[] = [];

  /** Names that are imported from the package. */
  uses(...names: string[]): void {
    for (const name of names) this.names.add(name);
  }

  add(text: string): void {
    this.lines.push(...text.replace(/^\n|\n\s*$/g, "").split("\n"));
  }

  text(head: string): string {
    const byName = (a: string, b: string): number => a.toLowerCase().localeCompare(b.toLowerCase());
    const imports = [...this.names].sort(byName).join(", ");
    const files = this.lines.some((line) => line.includes("readFileSync("))
      ? "readFileSync, writeFileSync"
      : "writeFileSync";
    return `${head}\nimport { ${files} } from "node:fs";\nimport { ${imports} } from "nabla";\n\n${this.lines.join("\n")}\n`;
  }
}

const headOf = (what: string): string =>
  `// ${what} as a program: it trains to the same numbers and writes model.safetensors.\n// npm install nabla, then run this file; before Node 22.18: npx tsx FILE.`;

function startEngineCode(program: Program, { engine, threads }: Pick<RunConfig, "engine" | "threads">): void {
  const options = code({ engine, ...(threads !== null && { threads }) });
  if (engine === "webgpu") {
    program.uses("startEngine");
    program.add(`await startEngine(${options});`);
  } else {
    program.uses("configureEngine");
    program.add(`configureEngine(${options});`);
  }
}

/** A program: one file, or an archive of several, by path. */
export type RunProgram =
  | { readonly kind: "file"; readonly text: string }
  | { readonly kind: "archive"; readonly texts: Readonly<Record<string, string>> };

/** A run of `nabla train`. @throws UserError where its data can't be told in a program */
export async function programOfRun(name: string, config: RunConfig): Promise<string> {
  const program = new Program();
  startEngineCode(program, config);
  await addData(program, config);
  const { split, seed, loss, optimizer, lr, l2, epochs, batch, accumulate, deterministic, microBatches } = config;
  if (split === null) program.add("const training = all;");
  else {
    program.uses("splitSamples");
    program.add(`const rest = all.x.shape[0] - ${split};
const [training, validation] = rest > 0 ? splitSamples(all, rest) : [all, undefined];`);
  }
  // How many numbers a row of a table has, the table tells.
  const inputs = config.picture?.reduce((product, length) => product * length, 1) ?? 0;
  const calls = callsOfRun(config, { inputs, picture: config.picture, classes: config.classes ?? 10 });
  program.uses("Sequential", "optimizerByName", "fit", "evaluate", "saveModel", ...calls.map((each) => each.name));
  const made = calls.map(
    (each) => `    ${each.kind === "layer" ? "new " : ""}${each.name}(${each.given.map(code).join(", ")}),`,
  );
  const options = [
    ...[`epochs: ${epochs}`, `batchSize: ${batch}`, "loss", "optimizer", `seed: ${seed}`],
    ...(split === null ? [] : ["...(validation && { validation })"]),
    ...(accumulate === undefined ? [] : [`accumulate: ${accumulate}`]),
    ...(deterministic ? ["deterministic: true"] : []),
    ...(deterministic && microBatches !== undefined ? [`microBatches: ${microBatches}`] : []),
    "callbacks: [{ onEpochEnd: (record) => console.log(record) }]",
  ];
  program.add(`
const model = new Sequential(
  [
${made.join("\n")}
  ],
  { inputShape: [training.x.shape[1]], seed: ${seed} },
);
const loss = "${LOSS_OF[loss]}";
const optimizer = optimizerByName("${optimizer}", { learningRate: ${lr}, weightDecay: ${l2} / training.x.shape[0] });
await fit(model, training, {
${options.map((option) => `  ${option},`).join("\n")}
});
const tested = evaluate(model, test, { loss });
console.log("test", tested.loss, tested.accuracy);
writeFileSync("model.safetensors", saveModel(model));
`);
  return program.text(headOf(`The run ${basename(resolve(name))} of nabla train`));
}

async function addData(program: Program, { dataset, transpose, size, label }: RunConfig): Promise<void> {
  if (dataset === "digits" || dataset === "mnist") {
    program.uses(dataset, "toSamples");
    program.add(
      dataset === "digits"
        ? `const sets = digits(${code({ ...DIGITS, seed: 1 })});`
        : "// nabla data get mnist, or NABLA_DATA_DIR.\nconst sets = await mnist();",
    );
    program.add("const [all, test] = [toSamples(sets.train), toSamples(sets.test)];");
    return;
  }
  const table = await tableOf(dataset);
  if (table !== undefined) return addTable(program, table, label);
  program.uses("loadImages", "toSamples");
  const options = { transpose, size };
  const given = Object.values(options).some((value) => value !== undefined) ? `, ${code(options)}` : "";
  program.add(`const sets = await loadImages(${JSON.stringify(dataset)}${given});
const [all, test] = [toSamples(sets.train), toSamples(sets.test)];`);
}

async function addTable(program: Program, { path, rows }: TableFile, label: string | undefined): Promise<void> {
  const target = await targetOf(rows, path, label);
  const encoder = await TableEncoder.fit(rows, { target, ...ENCODING });
  const classes: number[] = [];
  for await (const row of rows) classes.push(encoder.encode(row).y!);
  if (classes.length > MOST_ROWS) {
    throw new UserError(
      `${path} has ${classes.length} rows; a program names those it tests with, of ${MOST_ROWS} at most.`,
    );
  }
  const held = holdOut(classes, TEST_SHARE, path).test;
  program.uses("csvFileRows", "StandardScaler", "TableEncoder", "tensor");
  program.add(`const rows = csvFileRows(${JSON.stringify(path)}, { header: ${await hasHeader(path)} });
const encoder = await TableEncoder.fit(rows, ${code({ target, ...ENCODING })});
const encoded: { x: Float32Array; y: number }[] = [];
for await (const row of rows) {
  const { x, y } = encoder.encode(row);
  encoded.push({ x, y: y! });
}
// The rows that the run was tested with.
const held = new Set(${code(held)});
const scaler = new StandardScaler();
function part(tested: boolean) {
  const chosen = encoded.filter((_, row) => held.has(row) === tested);
  const x = tensor(Float32Array.from(chosen.flatMap((row) => [...row.x])), { shape: [chosen.length, encoder.features.length] });
  if (!tested) scaler.fit(x);
  return { x: scaler.transform(x), y: tensor(Int32Array.from(chosen, ({ y }) => y)) };
}
const [all, test] = [part(false), part(true)];`);
}

const CELL_CLASS = { lstm: "LSTM", gru: "GRU", rnn: "SimpleRNN" } as const;

/** A run of `nabla text train`. */
export function programOfText(name: string, config: TextConfig): string {
  const program = new Program();
  startEngineCode(program, config);
  const { file, cell, layers, hidden, embedding, dropout, batch, steps, epochs, seed, lr, clip, split } = config;
  const recurrent = CELL_CLASS[cell];
  const symbols = Array.from(config.characters).length;
  const poems = extname(file).toLowerCase() === ".json";
  program.uses("Adam", "Dense", "Embedding", "fit", recurrent, "saveModel", "Sequential", "textStreams", "Vocabulary");
  if (poems) {
    program.add(`
const poems: string[] = [];
function collect(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const { paragraphs } = value as { paragraphs?: unknown };
  if (Array.isArray(paragraphs) && paragraphs.every((line) => typeof line === "string")) poems.push(paragraphs.join("\\n"));
  else for (const inner of Object.values(value)) collect(inner);
}
collect(JSON.parse(readFileSync(${JSON.stringify(file)}, "utf8")));
const text = poems.join("\\n\\n").replaceAll("\\r\\n", "\\n");`);
  } else program.add(`const text = readFileSync(${JSON.stringify(file)}, "utf8").replaceAll("\\r\\n", "\\n");`);
  program.add(`const vocabulary = Vocabulary.fromConfig({
  level: "characters",
  lowerCase: false,
  special: [],
  tokens: Array.from(${JSON.stringify(config.characters)}),
});
const numbers = vocabulary.encode(text);
const held = Math.floor(numbers.length * ${split});
const sizes = { batchSize: ${batch}, length: ${steps} };
const training = textStreams(numbers.subarray(0, numbers.length - held), sizes);`);
  if (split > 0) program.add("const validation = textStreams(numbers.subarray(numbers.length - held), sizes);");
  if (dropout > 0) program.uses("Dropout");
  const options = { layers, layerDropout: dropout, returnSequences: true, stateful: true, batchSize: batch };
  const scheduled = config.schedule === "cosine";
  if (scheduled) program.uses("schedule");
  program.add(`const model = new Sequential(
  [
    new Embedding(${symbols}, ${embedding}),
    new ${recurrent}(${hidden}, ${code(options)}),
${dropout > 0 ? `    new Dropout(${dropout}),\n` : ""}    new Dense(${symbols}, { activation: "softmax" }),
  ],
  { inputShape: [null], seed: ${seed} },
);
await fit(model, training, {
  epochs: ${epochs},
  optimizer: new Adam({ learningRate: ${lr}, clipNorm: ${clip} }),
${scheduled ? `  schedule: schedule.cosine(${lr}, { length: ${epochs} * training.size!, minimum: ${lr} / 50 }),\n` : ""}${split > 0 ? "  validation,\n" : ""}  callbacks: [{ onEpochEnd: (record) => console.log(record) }],
});
writeFileSync("model.safetensors", saveModel(model));`);
  return program.text(headOf(`The run ${basename(resolve(name))} of nabla text train`));
}

const SENTIMENT = "book/zero/framework/sentiment.ts";

/** A run of `nabla tree train`: its network and its batches are made by a program of the books, which comes along. */
export async function programOfTree(name: string, config: TreeConfig): Promise<Readonly<Record<string, string>>> {
  const { data, limit, epochs, patience, format: _, version: __, parserEpochs: ___, ...settings } = config;
  const sources = await withImports([SENTIMENT], async (file) => readTextFile(join(packageFolder(), file)));
  const main = `// The run ${basename(resolve(name))} of nabla tree train as a program: it trains to the same numbers and writes model.safetensors, the best network by the sentences to
// choose by. npm install, then: npx tsx main.ts
import { writeFileSync } from "node:fs";
import { configureEngine, loadSst, runEpochs, saveModel, Trainer } from "nabla";
import { classify, optimizerOf, scoresOf, sentimentModel, trainingBatches, Words } from "./${SENTIMENT}";

configureEngine({ engine: "auto" });
const settings = ${JSON.stringify(settings, null, 2).replace(/"(\w+)":/g, "$1:")} as const;
const bank = await loadSst({ folder: ${JSON.stringify(data)} });
const train = ${limit === null ? "bank.train" : `bank.train.slice(0, ${limit})`};
const words = Words.of(train);
const model = sentimentModel(words.size, settings);
const trainer = new Trainer(model, trainingBatches(train, words, settings) as never, {
  ...{ loss: "softmaxCrossEntropy", ignoreIndex: -1, optimizer: optimizerOf(settings), seed: settings.seed },
});
const ending = new AbortController();
let best = { epoch: 0, all: Number.NEGATIVE_INFINITY };
await runEpochs(trainer, {
  epochs: ${epochs},
  signal: ending.signal,
  callbacks: [
    {
      onEpochEnd({ epoch, loss }) {
        const { all, root } = scoresOf(classify(model, words, bank.dev), bank.dev);
        console.log({ epoch, loss, all, root });
        if (all > best.all) {
          best = { epoch, all };
          writeFileSync("model.safetensors", saveModel(model));
        }
        if (epoch - best.epoch >= ${patience}) ending.abort();
      },
    },
  ],
});
`;
  return { "package.json": packageOf(packageJson.version), "main.ts": main, ...Object.fromEntries(sources) };
}
