// The text's gradient bars: how much of an error at the last step is there k steps before, in the plain layer, the LSTM and the GRU.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { TanhActivator } from "./fc.ts";
import { GruLayer } from "./gru.ts";
import { LstmLayer } from "./lstm.ts";
import { RecurrentLayer } from "./rnn.ts";
import { readSequence } from "./through-time.ts";
import { orthogonal } from "./through-time-bounds.ts";

/** |dE/dh_k| over |dE/dh_T| for k = T, T - 1, ..., for an error at the last step alone. */
function shares(deltas: readonly Matrix[]): number[] {
  const lengths = deltas
    .slice(1)
    .map((delta) => delta.norm())
    .reverse();
  return lengths.map((length) => length / lengths[0]);
}

export interface HandedBack {
  readonly rnn: number[];
  /** Through the cell, with forget gates that begin open, and with gates that begin half open. */
  readonly lstm: number[];
  readonly halfOpen: number[];
  readonly gru: number[];
}

/**
 * The layers read the same random inputs; the plain layer's W is a rotation, the best case for it. `forgetBias` opens the LSTM's forget gates:
 * 3 is sigma(3) = 0.95.
 */
export function handedBack(seed: number, width = 16, steps = 40, forgetBias = 3): HandedBack {
  const random = new Random(seed);
  const xs = Array.from({ length: steps }, () => Matrix.fill(8, 1, () => random.normal()));
  const error = Matrix.fill(width, 1, () => random.normal());
  const rnn = new RecurrentLayer(8, width, new TanhActivator(), 0.1, random, 0.5);
  rnn.W.values.set(orthogonal(width, random).values);
  const lstm = new LstmLayer(8, width, 0.1, random, { reach: 0.5 });
  lstm.gates.f.b.values.fill(forgetBias);
  const closed = new LstmLayer(8, width, 0.1, random, { reach: 0.5 });
  const gru = new GruLayer(8, width, 0.1, random, 0.5);
  for (const each of [lstm, closed])
    for (const gate of Object.values(each.gates)) gate.Wh.values.set(orthogonal(width, random).times(0.3).values);
  for (const gate of Object.values(gru.gates)) gate.Wh.values.set(orthogonal(width, random).times(0.3).values);
  for (const each of [rnn, lstm, closed, gru]) {
    readSequence(each, xs);
    each.backward(error);
  }
  return {
    rnn: shares(rnn.deltaList),
    // What an LSTM hands back goes through the cell.
    lstm: shares(lstm.deltaCList),
    halfOpen: shares(closed.deltaCList),
    gru: shares(gru.deltaHList),
  };
}
