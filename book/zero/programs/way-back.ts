// Two small networks in which gradients vanish and explode: a random one whose error is followed back step by step, beside its bound, and a single
// unit that is trained over thirty steps until its gradient is no number any more.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { IdentityActivator } from "./activators.ts";
import type { Activator } from "./fc.ts";
import { RecurrentLayer } from "./rnn.ts";
import { readSequence } from "./through-time.ts";
import { bound, type Clipping, ExplosionError, spectralNorm, trainLastState } from "./through-time-bounds.ts";

export interface WayBack {
  /** |delta_k| for k = T to 1. */
  readonly lengths: number[];
  /** |delta_T| (beta_W beta_f)^(T-k) for the same k. */
  readonly bounds: number[];
  /** |s_t| for t = 1 to T. */
  readonly states: number[];
  readonly betaW: number;
}

/** A layer with `W` reads so many random inputs; then a random error of the last state is followed back. `betaF` is the activation's largest slope. */
export function wayBack(activator: Activator, betaF: number, W: Matrix, steps: number, random: Random): WayBack {
  const layer = new RecurrentLayer(3, W.rows, activator, 1e-3, random, 0.3);
  layer.W.values.set(W.values);
  const xs = Array.from({ length: steps }, () => Matrix.fill(3, 1, () => random.uniform(-1, 1)));
  readSequence(layer, xs);
  layer.backward(layer.outputs[steps - 1].map(() => random.normal()));
  const lengths = layer.deltaList
    .slice(1)
    .map((delta) => delta.norm())
    .reverse();
  const betaW = spectralNorm(W);
  const bounds = lengths.map((_, back) => lengths[0] * bound(betaW, betaF, back));
  return { lengths, bounds, states: layer.outputs.map((state) => state.norm()), betaW };
}

/** One unit, f(x) = x, that has to end at 0.5 thirty steps after its only input, 1: s_30 = u w^29. */
export function chain(w: number, rate: number): RecurrentLayer {
  const layer = new RecurrentLayer(1, 1, new IdentityActivator(), rate, new Random(1));
  layer.U.values[0] = 1;
  layer.W.values[0] = w;
  return layer;
}

const PULSE = Array.from({ length: 30 }, (_, t) => Matrix.column([t === 0 ? 1 : 0]));

export interface ChainTraining {
  /** Before every update. */
  readonly errors: number[];
  /** The update whose gradient was not finite, 0 if none. */
  readonly exploded: number;
  readonly message: string;
}

/** Trains a chain; an explosion ends the training and is reported. */
export function trainChain(layer: RecurrentLayer, updates: number, clipping: Clipping): ChainTraining {
  const errors: number[] = [];
  try {
    trainLastState(layer, PULSE, Matrix.column([0.5]), updates, clipping, errors);
  } catch (thrown) {
    if (!(thrown instanceof ExplosionError)) throw thrown;
    return { errors, exploded: thrown.step, message: thrown.message };
  }
  return { errors, exploded: 0, message: "" };
}
