// Recurrent layers composed of ordinary operations, step by step: they serve where a gradient must itself be differentiated.
import { zeros } from "../../tensor/create.ts";
import { type Tensor, windowOf } from "../../tensor/tensor.ts";
import { add, mul } from "../arithmetic.ts";
import { where } from "../choice.ts";
import { get } from "../indexing.ts";
import { stack } from "../join.ts";
import { linear } from "../linalg.ts";
import { slice } from "../slices.ts";
import { expandDims, swapAxes } from "../views.ts";
import type { Setup } from "./setup.ts";

/** One step: the gates' inputs from x, and the state before, to the state after. */
type Step = (z: Tensor, state: State) => State;

/** What a layer hands from step to step: the state h, and an LSTM's cell c. */
export type State = { h: Tensor; c?: Tensor };

/** Walks a composed layer through the sequence; returns the states h of all steps [time, batch, state] and the last state. */
export function walk(setup: Setup, z: Tensor, start: State, step: Step): [Tensor, State] {
  const { steps, batch, size, mask, backward, truncate, dtype } = setup;
  const results = new Array<Tensor>(steps);
  let state = start;
  for (let s = 0; s < steps; s++) {
    const t = backward ? steps - 1 - s : s;
    if (truncate > 0 && s > 0 && s % truncate === 0) {
      state = { h: detach(state.h), c: state.c && detach(state.c) };
    }
    const next = step(get(z, t), state);
    if (mask === null) state = next;
    else {
      const here = expandDims(get(mask, t), 1);
      state = { h: where(here, next.h, state.h), c: next.c && where(here, next.c, state.c!) };
    }
    results[t] = state.h;
  }
  return [steps === 0 ? zeros([0, batch, size], dtype) : stack(results), state];
}

function detach(x: Tensor): Tensor {
  return windowOf(x, x.shape, x.offset, x.strides);
}

export function inputPart(setup: Setup, bias: Tensor | null): Tensor {
  return linear(setup.x, swapAxes(setup.inputWeights, 0, 1), bias);
}

export function plus(x: Tensor, bias: Tensor | null): Tensor {
  return bias === null ? x : add(x, bias);
}

/** The state as the weights see it. */
export function seenBy(setup: Setup, h: Tensor): Tensor {
  return setup.factors === null ? h : mul(h, setup.factors);
}

/** Block `i` of gates laid side by side. */
export function gate(z: Tensor, i: number, size: number): Tensor {
  return slice(z, i * size, (i + 1) * size, 1, 1);
}
