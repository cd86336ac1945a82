// An LSTM of one unit with its gates held where one wants them, and a sentence for it to read: "I grew up in China ... I speak fluent Chinese". What
// the cell takes in at "China" is to be there when the language is asked for. No weight is learnt; the gates are set by biases, whose ends are far
// enough out that the sigmoid is 0 or 1 exactly.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { type GateName, LstmLayer } from "./lstm.ts";

export interface Gates {
  /** 0 forgets everything, 1 keeps it. */
  readonly f: number;
  /** The input gate at the country, and at every other word. */
  readonly i: number;
  readonly iElsewhere: number;
  /** The output gate where the language is asked for, and before. */
  readonly o: number;
  readonly oElsewhere: number;
}

/** What sigma needs to be p: ln(p / (1 - p)); far out for 0 and 1. */
export function logit(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`logit: a gate stands between 0 and 1, got ${p}`);
  if (p === 0) return -1e6;
  return p === 1 ? 1e6 : Math.log(p / (1 - p));
}

/** Words between the country and the language, from the sentence's start: 0 is nothing, the country 1, other words what they happen to be. */
export interface Reading {
  readonly words: readonly string[];
  /** Where the country stands, and where the language is asked for. */
  readonly country: number;
  readonly asked: number;
  readonly layer: LstmLayer;
}

const BETWEEN = [
  "where",
  "I",
  "lived",
  "with",
  "my",
  "parents",
  "and",
  "two",
  "sisters",
  "for",
  "many",
  "happy",
  "years",
];

/** Reads the sentence with so many words between; c~ is tanh(1) at the country, and something random, at most tanh(1), elsewhere. */
export function readClamped(gates: Gates, between: number, seed = 1): Reading {
  const before = ["I", "grew", "up", "in", "China"];
  const filler = Array.from({ length: between }, (_, i) => BETWEEN[i % BETWEEN.length]);
  const words = [...before, ...filler, "I", "speak", "fluent"];
  const [country, asked] = [before.length - 1, words.length - 1];
  const random = new Random(seed);
  const layer = new LstmLayer(2, 1, 0.1, random, { reach: 0 });
  // Input: what the word says, and whether its gates are to be the special ones.
  const { Wx } = layer.gates.c;
  Wx.values.set([1, 0]);
  const clamp = (name: GateName, elsewhere: number, special: number) => {
    layer.gates[name].b.values[0] = logit(elsewhere);
    layer.gates[name].Wx.values.set([0, logit(special) - logit(elsewhere)]);
  };
  words.forEach((_, t) => {
    clamp("f", gates.f, gates.f);
    clamp("i", gates.iElsewhere, t === country ? gates.i : gates.iElsewhere);
    clamp("o", gates.oElsewhere, t === asked ? gates.o : gates.oElsewhere);
    const said = t === country ? 1 : random.uniform(-1, 1);
    layer.forward(Matrix.column([said, t === country || t === asked ? 1 : 0]));
  });
  return { words, country, asked, layer };
}
