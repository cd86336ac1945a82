// The way from a model's inputs to its outputs: which calls have to be made, in which order, and where each finds its inputs.
import { quote } from "../engine/quote.ts";
import type { BaseLayer, LayerCall, Symbolic } from "./base-layer.ts";
import { formatOpen } from "./shapes.ts";

/** A call with the places of its inputs and outputs among the values of a run. */
export interface Step {
  readonly layer: BaseLayer;
  readonly call: LayerCall;
  readonly inputs: readonly number[];
  /** The first output's place; the others follow. */
  readonly output: number;
}

/** How a model runs. The values of a run are its inputs, then what each step gives. */
export interface Plan {
  readonly inputs: readonly Symbolic[];
  readonly outputs: readonly Symbolic[];
  readonly steps: readonly Step[];
  /** Every layer once, in the order of its first step. */
  readonly layers: readonly BaseLayer[];
  /** The places of the outputs. */
  readonly places: readonly number[];
  /** For each output the step that gives it, or -1 for an input that is passed on. */
  readonly makers: readonly number[];
  /** Whether what a step gives is wanted by another step. */
  readonly inner: readonly boolean[];
  /** For each value the last step that uses it; Infinity for outputs. */
  readonly lastUses: readonly number[];
  /** Inputs that nothing but embeddings before recurrent layers reads: indices [n, time] that are best laid step by step. */
  readonly timeFirst: readonly number[];
  /** Number of values. */
  readonly size: number;
}

/**
 * The plan from these inputs to these outputs. Calls are made in the order in which the outputs need them.
 * @throws Error naming an input that the outputs need and the list lacks, or that no output needs.
 */
export function planOf(owner: string, inputs: readonly Symbolic[], outputs: readonly Symbolic[]): Plan {
  const places = new Map<Symbolic, number>();
  inputs.forEach((input, i) => {
    if (places.has(input)) throw new Error(`${owner}: input ${i} is in the list twice`);
    places.set(input, i);
  });
  const used = new Set<Symbolic>();
  const steps: Step[] = [];
  const done = new Set<LayerCall>();
  let size = inputs.length;

  /** Whether the value is there, or begun and waiting for others. */
  const ready = (x: Symbolic): boolean => {
    if (!places.has(x)) return false;
    used.add(x);
    return true;
  };
  // A stack of our own: models may be deeper than JavaScript's.
  const stack: Symbolic[] = [...outputs].reverse();
  while (stack.length > 0) {
    const x = stack.at(-1)!;
    if (ready(x)) {
      stack.pop();
      continue;
    }
    if (x.call === null) {
      const name = x.name === undefined ? "" : ` ${quote(x.name)}`;
      throw new Error(
        `${owner}: an output needs an input${name} of shape ${formatOpen(x.shape)} that is not among the model's inputs; add it`,
      );
    }
    const { call } = x;
    const missing = call.inputs.filter((input) => !ready(input));
    if (missing.length > 0) {
      stack.push(...missing.reverse());
      continue;
    }
    stack.pop();
    if (done.has(call)) continue;
    done.add(call);
    steps.push({ layer: call.layer, call, inputs: call.inputs.map((input) => places.get(input)!), output: size });
    for (const output of call.outputs) if (!places.has(output)) places.set(output, size + output.index);
    size += call.outputs.length;
  }
  inputs.forEach((input, i) => {
    if (!used.has(input)) throw new Error(`${owner}: no output depends on input ${input.name ?? i}; leave it out`);
  });
  const wanted = new Set(steps.flatMap((step) => step.inputs));
  const lastUses = new Array<number>(size).fill(-1);
  steps.forEach((step, k) => {
    for (const place of step.inputs) lastUses[place] = k;
  });
  const outputPlaces = outputs.map((output) => places.get(output)!);
  for (const place of outputPlaces) lastUses[place] = Number.POSITIVE_INFINITY;
  return {
    ...{ inputs, outputs, steps, size, lastUses, places: outputPlaces },
    layers: [...new Set(steps.map(({ layer }) => layer))],
    makers: outputPlaces.map((place) => steps.findLastIndex(({ output }) => output <= place)),
    inner: Array.from({ length: size }, (_, place) => wanted.has(place)),
    timeFirst: inputs.flatMap(({ shape }, place) =>
      shape.length === 1 && lastUses[place] !== Number.POSITIVE_INFINITY && readInTime(steps, lastUses, place)
        ? [place]
        : [],
    ),
  };
}

/** Whether all that use the value turn indices into vectors for layers that read them step by step. */
function readInTime(steps: readonly Step[], lastUses: readonly number[], place: number): boolean {
  const usersOf = (value: number): Step[] => steps.filter(({ inputs }) => inputs.includes(value));
  return usersOf(place).every(
    ({ layer, output }) =>
      layer.takesIndices &&
      lastUses[output] !== Number.POSITIVE_INFINITY &&
      usersOf(output).every((step) => step.inputs[0] === output && step.layer.readsTimeFirst),
  );
}

/** Those of the inputs that the outputs depend on. */
export function neededInputs(inputs: readonly Symbolic[], outputs: readonly Symbolic[]): Symbolic[] {
  const seen = new Set<Symbolic>();
  const open = [...outputs];
  for (let x = open.pop(); x !== undefined; x = open.pop()) {
    if (seen.has(x)) continue;
    seen.add(x);
    if (!inputs.includes(x) && x.call !== null) open.push(...x.call.inputs);
  }
  return inputs.filter((x) => seen.has(x));
}
