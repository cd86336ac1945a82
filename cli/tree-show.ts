// `nabla tree show`: a sentence with its tree, and what a trained network reads at every node.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readBracketed } from "../book/zero/framework/edited-tree.ts";
import { CLASSES, classesOf, classify, type Words } from "../book/zero/framework/sentiment.ts";
import { sentimentChart } from "../book/zero/framework/sentiment-chart.ts";
import { parseWith } from "../book/zero/framework/treebank-parser.ts";
import { shapeOf } from "../book/zero/programs/parser.ts";
import { makeFolder, writeFileAtomically } from "../src/data/atomic.node.ts";
import { explain } from "../src/data/file.node.ts";
import { formatTree, type LabelledTree } from "../src/data/trees/treebank.ts";
import { loadModel } from "../src/io/model.ts";
import type { Model } from "../src/nn/model.ts";
import type { Tree } from "../src/ops/trees/forest.ts";
import { renderSvg } from "../src/plot/svg.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { TreeFolder } from "./tree-folder.ts";
import { readParser } from "./tree-train.ts";

export interface ShowOptions {
  run?: string;
  out: string;
  theme: "light" | "dark";
  width: number;
  json?: boolean;
}

const NAMES = ["very negative", "negative", "neutral", "positive", "very positive"];

/** The words of a sentence as the treebank writes them: marks stand alone, as do n't, 's and their like. */
export function wordsOf(sentence: string): string[] {
  return sentence
    .replace(/([.,!?;:"…]|--|``|'')/g, " $1 ")
    .replace(/n't\b/gi, " n't")
    .replace(/'(s|re|ve|ll|d|m)\b/gi, " '$1")
    .split(/[ \t\n]+/)
    .filter((word) => word !== "");
}

/** A sentence in brackets, with labels or without: null where it has no brackets. */
export function bracketed(sentence: string): LabelledTree | null {
  const text = sentence.trim();
  if (!text.startsWith("(")) return null;
  try {
    return readBracketed(text);
  } catch (error) {
    throw new UserError(
      `${(error as Error).message}. A bracketed sentence is as ((not bad) film), every node over two.`,
      { cause: error },
    );
  }
}

/** The run that was asked for, or the newest of runs/tree-*. */
function runOf(path: string | undefined): TreeFolder {
  if (path !== undefined) return new TreeFolder(path);
  const names = existsSync("runs") ? readdirSync("runs").filter((name) => /^tree-\d+$/.test(name)) : [];
  const whole = names.filter((name) => existsSync(join("runs", name, "model.safetensors")));
  if (whole.length === 0) {
    throw new UserError(
      `there is no trained run in runs/: make one with ${commandName()} tree train, or name one with --run FOLDER`,
    );
  }
  const time = (name: string): number => statSync(join("runs", name, "model.safetensors")).mtimeMs;
  return new TreeFolder(
    join(
      "runs",
      whole.reduce((newest, name) => (time(name) > time(newest) ? name : newest)),
    ),
  );
}

function treeOf(sentence: string, folder: TreeFolder, words: Words): LabelledTree {
  const given = bracketed(sentence);
  if (given !== null) return given;
  const own = wordsOf(sentence);
  if (own.length === 0) throw new UserError("the sentence is empty; give its words");
  if (own.length === 1) return { words: own, tree: 0, labels: Int32Array.of(0) };
  const { root } = parseWith(readParser(folder, words), own);
  return { words: own, tree: shapeOf(root) as Tree, labels: new Int32Array(2 * own.length - 1) };
}

export async function showTree(sentence: string, options: ShowOptions): Promise<number> {
  const folder = runOf(options.run);
  folder.readConfig();
  const file = folder.readModelFile();
  const words = folder.readWords();
  const tree = treeOf(sentence, folder, words);
  let model: Model;
  try {
    model = loadModel(file) as Model;
  } catch (error) {
    throw new UserError(`${folder.file("model.safetensors")}: ${(error as Error).message}`, { cause: error });
  }
  const [probabilities] = classify(model, words, [tree]);
  const classes = classesOf(probabilities);
  const read = { ...tree, labels: Int32Array.from(classes) };
  const unknown = tree.words.filter((word) => words.numberOf(word) === 0);
  const svg = renderSvg(sentimentChart(read, tree.words.join(" ")), { width: options.width, theme: options.theme });
  try {
    const folderOf = options.out.replace(/[^/\\]*$/, "");
    if (folderOf !== "") await makeFolder(folderOf);
    await writeFileAtomically(options.out, `${svg}\n`);
  } catch (error) {
    throw new UserError(`cannot write ${options.out}: ${explain(error)}. Choose another place with --out FILE.`, {
      cause: error,
    });
  }
  const root = classes.length - 1;
  const human = options.json ? process.stderr : process.stdout;
  human.write(`${formatTree(read)}\n`);
  human.write(`${NAMES[classes[root]]} (${percentOf(probabilities[root * CLASSES + classes[root]])})\n`);
  if (unknown.length > 0) human.write(`not among the words that were learnt, read as unknown: ${unknown.join(" ")}\n`);
  human.write(`tree: ${options.out}\n`);
  if (options.json) {
    const rows = classes.map((_, node) => [...probabilities.subarray(node * CLASSES, (node + 1) * CLASSES)]);
    const line = {
      words: tree.words,
      tree: formatTree(read),
      classes,
      probabilities: rows,
      unknown,
      run: folder.path,
      out: options.out,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  return 0;
}

const percentOf = (share: number): string => `${(100 * share).toFixed(1)}%`;
