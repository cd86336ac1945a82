// Recurrent layers: RNN, GRU and LSTM with everything that the standard allows. The common cases are the library's own kernels; clipping, peepholes
// and other activations run step by step.
import { add, mul, sub } from "../../../ops/arithmetic.ts";
import { clip, where } from "../../../ops/choice.ts";
import { concat, stack } from "../../../ops/join.ts";
import { matmul } from "../../../ops/linalg.ts";
import { gru } from "../../../ops/recurrent/gru.ts";
import { lstm } from "../../../ops/recurrent/lstm.ts";
import { rnn } from "../../../ops/recurrent/rnn.ts";
import { slice } from "../../../ops/slices.ts";
import { reshape, swapAxes, transpose } from "../../../ops/views.ts";
import { tensor, zeros } from "../../../tensor/create.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { fromTensor, type Value } from "../run/value.ts";
import { recurrentActivation } from "./functions.ts";

type Kind = "RNN" | "GRU" | "LSTM";

/** Gates of each kind, and the activations that stand for them by default. */
const GATES: Readonly<Record<Kind, number>> = { RNN: 1, GRU: 3, LSTM: 4 };
const DEFAULTS: Readonly<Record<Kind, readonly string[]>> = {
  RNN: ["Tanh"],
  GRU: ["Sigmoid", "Tanh"],
  LSTM: ["Sigmoid", "Tanh", "Tanh"],
};
/** The library's order of gates in places of the standard's: GRU r z n of z r h, LSTM i f g o of i o f c. */
const ORDER: Readonly<Record<Kind, readonly number[]>> = { RNN: [0], GRU: [1, 0, 2], LSTM: [0, 2, 3, 1] };

interface Direction {
  readonly kind: Kind;
  readonly call: Call;
  /** [time, batch, in] */
  readonly x: Tensor;
  /** [gates * state, in] and [gates * state, state]. */
  readonly w: Tensor;
  readonly r: Tensor;
  /** [2 * gates * state], or null. */
  readonly b: Tensor | null;
  readonly h0: Tensor | null;
  readonly c0: Tensor | null;
  /** [3 * state], or null. */
  readonly peepholes: Tensor | null;
  readonly lengths: readonly number[] | undefined;
  readonly size: number;
  readonly backward: boolean;
  readonly activations: readonly { name: string; alpha: number | undefined; beta: number | undefined }[];
}

interface Run {
  /** [time, batch, state] */
  readonly outputs: Tensor;
  readonly state: Tensor;
  readonly cell?: Tensor;
}

/** Blocks of rows in another order. */
function blocks(x: Tensor, size: number, order: readonly number[]): Tensor {
  if (order.every((place, i) => place === i)) return x;
  return concat(order.map((k) => slice(x, k * size, (k + 1) * size)));
}

function isPlain({ kind, call, peepholes, activations }: Direction): boolean {
  const { attributes } = call;
  if (attributes.has("clip") || peepholes !== null || attributes.flag("input_forget", false)) return false;
  if (kind === "RNN") return ["tanh", "relu", "sigmoid"].includes(activations[0].name.toLowerCase());
  return activations.every(({ name }, i) => name.toLowerCase() === DEFAULTS[kind][i].toLowerCase());
}

function own(direction: Direction): Run {
  const { kind, call, x, w, r, b, h0, c0, lengths, size, backward, activations } = direction;
  const order = ORDER[kind];
  const rows = GATES[kind] * size;
  const parameters = {
    inputWeights: blocks(w, size, order),
    stateWeights: blocks(r, size, order),
    inputBias: b === null ? null : blocks(slice(b, 0, rows), size, order),
    stateBias: b === null ? null : blocks(slice(b, rows), size, order),
  };
  const options = { direction: backward ? "backward" : "forward", ...(lengths && { lengths }) } as const;
  if (kind === "LSTM") return lstm(x, h0, c0, parameters, options);
  if (kind === "GRU") {
    const reset = call.attributes.flag("linear_before_reset", false) ? "after" : "before";
    return gru(x, h0, parameters, { ...options, reset });
  }
  const nonlinearity = activations[0].name.toLowerCase() as "tanh" | "relu" | "sigmoid";
  return rnn(x, h0, parameters, { ...options, nonlinearity });
}

function stepByStep({
  kind,
  call,
  x,
  w,
  r,
  b,
  h0,
  c0,
  peepholes,
  lengths,
  size,
  backward,
  activations,
}: Direction): Run {
  const { attributes } = call;
  const [steps, batch] = x.shape as [number, number];
  const bound = attributes.has("clip") ? attributes.float("clip", 0) : Number.POSITIVE_INFINITY;
  const acts = activations.map(({ name, alpha, beta }) => recurrentActivation(name, alpha, beta));
  const act = (k: number, z: Tensor): Tensor => acts[k](Number.isFinite(bound) ? clip(z, -bound, bound) : z);
  const rows = GATES[kind] * size;
  const [rw, rb] = [transpose(r), b === null ? null : slice(b, rows)];
  // The input's part of all steps at once.
  const flat = matmul(reshape(x, [steps * batch, x.shape[2]]), transpose(w));
  const input = reshape(b === null ? flat : add(flat, slice(b, 0, rows)), [steps, batch, rows]);
  const gate = (z: Tensor, k: number): Tensor => slice(z, k * size, (k + 1) * size, 1, 1);
  const peep = (k: number, c: Tensor): Tensor | 0 =>
    peepholes === null ? 0 : mul(slice(peepholes, k * size, (k + 1) * size), c);
  const coupled = attributes.flag("input_forget", false);
  const linear = attributes.flag("linear_before_reset", false);
  let h = h0 ?? zeros([batch, size], x.dtype);
  let c = c0 ?? zeros([batch, size], x.dtype);
  const outputs = new Array<Tensor>(steps);
  for (let n = 0; n < steps; n++) {
    const t = backward ? steps - 1 - n : n;
    const xt = reshape(slice(input, t, t + 1), [batch, rows]);
    let next: Tensor;
    let nextCell = c;
    if (kind === "RNN") {
      const z = add(xt, matmul(h, rw));
      next = act(0, rb === null ? z : add(z, rb));
    } else if (kind === "GRU") {
      const state = (k: number, from: Tensor): Tensor => {
        const z = matmul(from, slice(rw, k * size, (k + 1) * size, 1, 1));
        return rb === null ? z : add(z, slice(rb, k * size, (k + 1) * size));
      };
      const z = act(0, add(gate(xt, 0), state(0, h)));
      const reset = act(0, add(gate(xt, 1), state(1, h)));
      const candidate = act(1, add(gate(xt, 2), linear ? mul(reset, state(2, h)) : state(2, mul(reset, h))));
      next = add(mul(sub(1, z), candidate), mul(z, h));
    } else {
      let z = add(xt, matmul(h, rw));
      if (rb !== null) z = add(z, rb);
      const i = act(0, add(gate(z, 0), peep(0, c)));
      const f = coupled ? sub(1, i) : act(0, add(gate(z, 2), peep(2, c)));
      nextCell = add(mul(f, c), mul(i, act(1, gate(z, 3))));
      const o = act(0, add(gate(z, 1), peep(1, nextCell)));
      next = mul(o, acts[2](nextCell));
    }
    if (lengths === undefined) [h, c, outputs[t]] = [next, nextCell, next];
    else {
      const counts = tensor(
        lengths.map((length) => (t < length ? 1 : 0)),
        { shape: [batch, 1] },
      ).greater(0);
      h = where(counts, next, h);
      c = where(counts, nextCell, c);
      outputs[t] = where(counts, next, 0);
    }
  }
  return { outputs: stack(outputs), state: h, cell: c };
}

/** The names and settings of activations, one list for each direction; the settings go to those that take some, in order. */
function activationsOf(call: Call, kind: Kind, directions: number): Direction["activations"][] {
  const each = DEFAULTS[kind].length;
  const names = call.attributes.texts("activations") ?? Array.from({ length: directions }, () => DEFAULTS[kind]).flat();
  if (names.length !== each * directions) {
    throw new RangeError(`has ${names.length} activations, and needs ${each * directions}`);
  }
  const [alphas, betas] = [
    call.attributes.floats("activation_alpha") ?? [],
    call.attributes.floats("activation_beta") ?? [],
  ];
  let [a, b] = [0, 0];
  const takesAlpha = ["affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu"];
  const takesBeta = ["affine", "scaledtanh", "hardsigmoid"];
  const all = names.map((name) => ({
    name,
    alpha: takesAlpha.includes(name.toLowerCase()) ? alphas[a++] : undefined,
    beta: takesBeta.includes(name.toLowerCase()) ? betas[b++] : undefined,
  }));
  return Array.from({ length: directions }, (_, d) => all.slice(d * each, (d + 1) * each));
}

function recurrent(kind: Kind): (call: Call) => Value[] {
  return (call) => {
    const { attributes } = call;
    const batchFirst = attributes.int("layout", 0) === 1;
    const { type } = call.value(0);
    const given = call.tensor(0);
    const x = batchFirst ? swapAxes(given, 0, 1) : given;
    const steps = x.shape[0];
    const [w, r] = [call.tensor(1), call.tensor(2)];
    if (x.rank !== 3 || w.rank !== 3 || r.rank !== 3) {
      throw new RangeError(
        `input ${formatShape(x.shape)} and weights ${formatShape(w.shape)} and ${formatShape(r.shape)} need three axes`,
      );
    }
    const direction = attributes.text("direction", "forward");
    if (!["forward", "reverse", "bidirectional"].includes(direction))
      throw new RangeError(`there is no direction ${JSON.stringify(direction)}`);
    const directions = direction === "bidirectional" ? 2 : 1;
    const size = r.shape[2];
    const rows = GATES[kind] * size;
    const needs = (what: string, value: Tensor | null, ...shape: number[]): Tensor | null => {
      if (value === null || formatShape(value.shape) === formatShape(shape)) return value;
      throw new RangeError(`${what} has shape ${formatShape(value.shape)}, and needs ${formatShape(shape)}`);
    };
    needs("W", w, directions, rows, x.shape[2]);
    needs("R", r, directions, rows, size);
    const b = needs("B", call.optional(3), directions, 2 * rows);
    const at = (value: Tensor | null, d: number): Tensor | null =>
      value === null ? null : reshape(slice(value, d, d + 1), value.shape.slice(1));
    // States are [directions, batch, state], or with the batch first [batch, directions, state].
    const state = (what: string, i: number): Tensor | null => {
      const batch = x.shape[1];
      if (!batchFirst) return needs(what, call.optional(i), directions, batch, size);
      const value = needs(what, call.optional(i), batch, directions, size);
      return value && swapAxes(value, 0, 1);
    };
    const [h0, c0] = [state("initial_h", 5), kind === "LSTM" ? state("initial_c", 6) : null];
    const peepholes = kind === "LSTM" ? needs("P", call.optional(7), directions, 3 * size) : null;
    const lengths = call.numbers(4);
    if (lengths !== undefined && lengths.length !== x.shape[1])
      throw new RangeError(`has ${lengths.length} lengths for a batch of ${x.shape[1]}`);
    const all = lengths?.every((length) => length === steps) ? undefined : lengths;
    const activations = activationsOf(call, kind, directions);
    const runs = Array.from({ length: directions }, (_, d) => {
      const one: Direction = {
        ...{ kind, call, x, size, lengths: all, activations: activations[d] },
        w: at(w, d)!,
        r: at(r, d)!,
        ...{ b: at(b, d), h0: at(h0, d), c0: at(c0, d), peepholes: at(peepholes, d) },
        backward: direction === "reverse" || d === 1,
      };
      return isPlain(one) && steps > 0 ? own(one) : stepByStep(one);
    });
    // [time, directions, batch, state]; with the batch first [batch, time, directions, state].
    const y = stack(
      runs.map(({ outputs }) => outputs),
      1,
    );
    const last = stack(
      runs.map(({ state }) => state),
      batchFirst ? 1 : 0,
    );
    const outputs = [batchFirst ? transpose(y, [2, 0, 1, 3]) : y, last];
    if (kind === "LSTM")
      outputs.push(
        stack(
          runs.map(({ cell }) => cell!),
          batchFirst ? 1 : 0,
        ),
      );
    return outputs.map((output) => fromTensor(output, type));
  };
}

/** Operators of this family. */
export const recurrentLayers: OperatorTable = {
  RNN: entry(recurrent("RNN"), { shapedBy: "shapes" }),
  GRU: entry(recurrent("GRU")),
  LSTM: entry(recurrent("LSTM")),
};
