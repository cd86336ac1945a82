// A network in a line, as `--layers` takes it: "conv 20 5x5, pool 2, conv 40 5x5, pool 2, dense 100". What is read here is data; run-layers.ts makes
// layers of it.
import { InvalidArgumentError } from "commander";
import { ACTIVATIONS, type ActivationName } from "../src/nn/activations.ts";
import { suggestion } from "./errors.ts";

/** One layer of the line. An activation that is not given is the run's. */
export type LayerSpec =
  | {
      kind: "conv";
      filters: number;
      kernel: readonly [number, number];
      stride: number;
      same: boolean;
      activation?: ActivationName;
    }
  | { kind: "pool"; of: "max" | "average" | "l2"; size: number; stride: number }
  | { kind: "dense"; units: number; activation?: ActivationName }
  | { kind: "dropout"; rate: number }
  | { kind: "batchnorm" }
  | { kind: "flatten" }
  | { kind: "activation"; activation: ActivationName };

const WORDS = ["conv", "pool", "average", "l2pool", "dense", "dropout", "batchnorm", "flatten"] as const;

/** How each is written, for errors and help. */
export const LAYER_FORMS: readonly (readonly [string, string])[] = [
  ["conv 20 5x5", "20 filters of 5x5; more words: same (zeros around), stride 2, an activation"],
  [
    "pool 2",
    "the largest of 2x2; average 2 the mean, l2pool 2 the root of the sum of squares; stride 1 if windows overlap",
  ],
  ["dense 100", "fully connected; an activation may follow"],
  ["dropout 0.5", "left out while training"],
  ["batchnorm", "batch normalisation"],
  ["relu", "any activation by itself"],
];

function wrong(part: string, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`"${part}": ${expected}`);
}

/** What follows the first word of a part, read from left to right. */
class Words {
  private at = 1;
  constructor(
    readonly part: string,
    private readonly words: readonly string[],
  ) {}

  get next(): string | undefined {
    return this.words[this.at];
  }

  take(): string | undefined {
    return this.words[this.at++];
  }

  /** A whole number from 1 on. */
  count(what: string): number {
    const word = this.take();
    const value = Number(word);
    if (word === undefined || !Number.isSafeInteger(value) || value < 1 || value > 100_000) {
      throw wrong(this.part, `expects ${what}, a whole number from 1 on${word === undefined ? "" : `, not ${word}`}.`);
    }
    return value;
  }

  end(): void {
    if (this.next !== undefined)
      throw wrong(this.part, `does not know "${this.next}".${suggestion(this.next, ACTIVATIONS)}`);
  }
}

/** Activations by their names in small letters, as the line is read. */
const BY_WORD = new Map<string, ActivationName>(ACTIVATIONS.map((name) => [name.toLowerCase(), name]));

function activationOf(words: Words): { activation?: ActivationName } {
  const activation = BY_WORD.get(words.next ?? "");
  if (activation === undefined) return {};
  words.take();
  return { activation };
}

function convolution(words: Words): LayerSpec {
  const filters = words.count("the number of filters");
  const size = words.take();
  const match = /^(\d+)(?:x(\d+))?$/.exec(size ?? "");
  const kernel = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])] as const;
  if (match === null || kernel[0] < 1 || kernel[1] < 1 || kernel[0] > 1000 || kernel[1] > 1000) {
    throw wrong(words.part, `expects the filters' size after their number: conv ${filters} 5x5.`);
  }
  let stride = 1;
  let same = false;
  let activation: { activation?: ActivationName } = {};
  for (;;) {
    const { next } = words;
    if (next === "same") {
      words.take();
      same = true;
    } else if (next === "stride") {
      words.take();
      stride = words.count("the stride");
    } else if (BY_WORD.has(next ?? "")) activation = activationOf(words);
    else break;
  }
  words.end();
  return { kind: "conv", filters, kernel, stride, same, ...activation };
}

function pooling(of: "max" | "average" | "l2", words: Words): LayerSpec {
  const size = words.count("the windows' size");
  let stride = size;
  if (words.next === "stride") {
    words.take();
    stride = words.count("the stride");
  }
  words.end();
  return { kind: "pool", of, size, stride };
}

function layerOf(part: string): LayerSpec {
  const all = part.split(/\s+/);
  const words = new Words(part, all);
  const [word] = all;
  switch (word) {
    case "conv":
      return convolution(words);
    case "pool":
      return pooling("max", words);
    case "average":
      return pooling("average", words);
    case "l2pool":
      return pooling("l2", words);
    case "dense": {
      const spec: LayerSpec = { kind: "dense", units: words.count("the number of neurons"), ...activationOf(words) };
      words.end();
      return spec;
    }
    case "dropout": {
      const rate = Number(words.take());
      if (!(rate >= 0 && rate < 1))
        throw wrong(part, "expects the share that is left out, from 0 on and below 1: dropout 0.5.");
      words.end();
      return { kind: "dropout", rate };
    }
    case "batchnorm":
    case "flatten":
      words.end();
      return { kind: word };
  }
  const activation = BY_WORD.get(word);
  if (activation !== undefined) {
    words.end();
    return { kind: "activation", activation };
  }
  const forms = LAYER_FORMS.map(([form]) => form).join(", ");
  throw wrong(part, `is no layer; layers are ${forms}.${suggestion(word, [...WORDS, ...ACTIVATIONS])}`);
}

/**
 * The layers of a line, the output layer left out: that follows from data and loss.
 * @throws InvalidArgumentError quoting the part that is wrong.
 */
export function layerLine(text: string): LayerSpec[] {
  const parts = text.split(",").map((part) => part.trim().toLowerCase());
  if (parts.length === 1 && parts[0] === "")
    throw new InvalidArgumentError("It must name layers: conv 20 5x5, pool 2, dense 100.");
  return parts.map((part) => {
    if (part === "") throw new InvalidArgumentError("There is nothing between two commas.");
    return layerOf(part);
  });
}
