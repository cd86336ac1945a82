// A hand-written step without its JavaScript: as `fit` replays its steps, for functions of tensors that users write.
import { callable } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { type Program, Recording, watching } from "../engine/recording.ts";
import { Model } from "../nn/model.ts";
import { clone } from "../ops/views.ts";
import { checkTensor } from "../tensor/check.ts";
import { type GradientSlot, isRecording, Node } from "../tensor/graph.ts";
import { forEachTensor, scope, type Tensor } from "../tensor/tensor.ts";
import { fit, Input, shapesOf } from "./replay.ts";

/** What a step may give: a tensor, a list or a record of them, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a step that returns nothing is one of them.
export type StepOutput = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>> | undefined | void;

/** A step that is replayed: called as the function that it was made of. */
export interface Captured<Inputs extends readonly Tensor[], Output extends StepOutput> {
  (...inputs: Inputs): Output;
  /** Why it runs as it is, or null: then it is replayed, or will be after some calls. */
  readonly obstacle: string | null;
  /** Whether there is a recording by now. */
  readonly active: boolean;
}

/** Inputs of so many shapes are recorded; others run as they are. */
const MOST_PROGRAMS = 6;

/** A leaf that gradients are collected for, and what was there when the step began and when it had ended. */
interface Leaf {
  readonly node: Node;
  readonly slot: GradientSlot;
  readonly before: boolean;
  readonly after: boolean;
}

/** A model's parameter as it was. */
interface Known {
  readonly tensor: Tensor;
  readonly node: Node | null;
}

interface Recorded<Output> {
  /** Whether gradients were recorded: without, other kernels may run. */
  readonly graph: boolean;
  readonly recording: Recording;
  readonly inputs: readonly Input[];
  readonly output: Output;
  readonly results: readonly Tensor[];
  readonly leaves: readonly Leaf[];
  readonly models: readonly (readonly [Model, readonly Known[]])[];
}

/** The calls of one shape so far. */
interface Course<Output> {
  /** What the first call used. */
  used: Set<object> | undefined;
  /** The second call, with which the third is compared. */
  first: Recorded<Output> | undefined;
}

function snapshot(model: Model): Known[] {
  return model.parameters.map(({ tensor }) => ({ tensor, node: tensor.node }));
}

function isAsBefore<Output>({ leaves, models }: Recorded<Output>): boolean {
  for (const { node, slot, before } of leaves) if (node.slot !== slot || slot.fresh !== before) return false;
  for (const [model, known] of models) {
    const { parameters } = model;
    for (let i = 0; i < known.length; i++) {
      const { tensor } = parameters[i];
      if (tensor !== known[i].tensor || tensor.node !== known[i].node) return false;
    }
  }
  return true;
}

/** Tensors of their own with the same values: a program's are written over by its next run. */
function copyOf<Output extends StepOutput>(output: Output): Output {
  if (output === undefined || output === null) return output;
  const copies = new Map<Tensor, Tensor>();
  forEachTensor(output, (x) => void copies.set(x, clone(x)));
  if (copies.has(output as unknown as Tensor)) return copies.get(output as unknown as Tensor) as unknown as Output;
  if (Array.isArray(output)) return output.map((x: Tensor) => copies.get(x)!) as unknown as Output;
  return Object.fromEntries(
    Object.entries(output as Record<string, Tensor>).map(([key, x]) => [key, copies.get(x)!]),
  ) as unknown as Output;
}

/**
 * Makes a step faster: its kernels are recorded and, from the fourth call on, run again without its JavaScript, to the same bits. The step is
 * a function of tensors: forward pass, `backward`, an optimiser's step, and whatever else; what it returns is copied. It runs in a scope
 * of its own.
 *
 * What it does must depend on its arguments, on tensors that stay the same (parameters, and tensors that are written in place) and on
 * generators: no `item()`, no tensor kept from within, no number that changes between calls; what an optimiser does with its own numbers is
 * allowed, such as a learning rate that is set between steps. Models must be repeatable. Two calls are recorded and compared; a step that breaks a rule
 * that can be seen goes on running as it is, and `obstacle` says why. Arguments of another shape are recorded anew. Look at values outside.
 * Inside `noGrad` the same holds for a model that only answers: `capture((x) => model.call(x))` is the fastest way to ask it again and again.
 * @throws TypeError for what is no function, or arguments that are no tensors; whatever the step throws.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(8, { activation: "tanh" }), new Dense(2)], { inputShape: [4], seed: 1 });
 * const optimizer = new Adam({ learningRate: 0.01 });
 * const step = capture((x: Tensor, y: Tensor) => {
 *   const loss = softmaxCrossEntropy(model.logits(x, { training: true }), y);
 *   model.block.clearGradients();
 *   backward(loss);
 *   optimizer.step(model.block);
 *   return loss;
 * });
 * const [x, y] = [ones([16, 4]), zeros([16], "int32")];
 * for (let i = 0; i < 100; i++) step(x, y);
 * step(x, y).item() < 0.1; // true
 * step.obstacle; // null
 * step.active; // true
 * ```
 */
export function capture<Inputs extends readonly Tensor[], Output extends StepOutput>(
  step: (...inputs: Inputs) => Output,
): Captured<Inputs, Output> {
  callable("capture", "the step", step);
  const courses = new Map<string, Course<Output>>();
  let programs: { program: Program; recorded: Recorded<Output> }[] = [];
  let obstacle: string | null = null;

  const eager = (inputs: Inputs): Output => scope(() => step(...inputs));

  const replayed = (inputs: Inputs): { output: Output } | null => {
    for (const { program, recorded } of programs) {
      if (program.engine !== engine()) {
        programs = [];
        courses.clear();
        return null;
      }
      if (recorded.graph !== isRecording() || !fit(recorded.inputs, inputs) || !isAsBefore(recorded)) continue;
      for (let i = 0; i < inputs.length; i++) recorded.inputs[i].bind(inputs[i]);
      // A check in it that fails leaves the error to the step itself.
      if (!program.run()) return null;
      for (const { slot, after } of recorded.leaves) slot.fresh = after;
      return { output: copyOf(recorded.output) };
    }
    return null;
  };

  const record = (inputs: Inputs, used: Set<object>): { copy: Output; recorded: Recorded<Output>; same: boolean } => {
    const recording = new Recording({ listed: true });
    const places = inputs.map((x) => new Input(x));
    const before = new Map<object, readonly [GradientSlot | null, boolean]>();
    for (const each of used) if (each instanceof Node) before.set(each, [each.slot, each.slot?.fresh ?? true]);
    let recorded: Recorded<Output> | undefined;
    let same = true;
    const copy = scope(() => {
      const [output, found] = watching(() =>
        recording.run(() => step(...(places.map(({ tensor }) => tensor) as unknown as Inputs))),
      );
      same = found.size === used.size && [...found].every((each) => used.has(each));
      const results: Tensor[] = [];
      forEachTensor(output, (x) => results.push(x));
      const nodes = [...found].filter((each) => each instanceof Node);
      const leaves = nodes.flatMap((node): Leaf[] => {
        const [slot, fresh] = before.get(node) ?? [null, true];
        if (slot === null || node.slot !== slot) same = false;
        return slot === null ? [] : [{ node, slot, before: fresh, after: slot.fresh }];
      });
      const models = [...found]
        .filter((each) => each instanceof Model)
        .map((model) => [model, snapshot(model)] as const);
      recorded = { graph: isRecording(), recording, inputs: places, output, results, leaves, models };
      return copyOf(output);
    });
    return { copy, recorded: recorded!, same };
  };

  const call = (...inputs: Inputs): Output => {
    inputs.forEach((x, i) => {
      checkTensor(`capture: argument ${i + 1}`, x);
    });
    if (obstacle !== null) return eager(inputs);
    const again = replayed(inputs);
    if (again !== null) return again.output;
    const shapes = `${isRecording()} ${shapesOf(inputs)}`;
    let course = courses.get(shapes);
    if (course === undefined) {
      if (courses.size >= MOST_PROGRAMS) return eager(inputs);
      course = { used: undefined, first: undefined };
      courses.set(shapes, course);
    }
    if (course.used === undefined) {
      const [output, used] = watching(() => eager(inputs));
      course.used = used;
      for (const each of used) if (each instanceof Model && each.obstacle !== null) obstacle = each.obstacle;
      return output;
    }
    const { copy, recorded, same } = record(inputs, course.used);
    if (!same) {
      // Gradients were collected in other places, or another model ran: it begins again.
      course.used = undefined;
      course.first = undefined;
      return copy;
    }
    const { first } = course;
    if (first === undefined || !isSameStart(first, recorded)) {
      course.first = recorded;
      return copy;
    }
    const inputStorages = new Set(recorded.inputs.map(({ tensor }) => tensor.storage));
    obstacle = recorded.recording.difference(first.recording, inputStorages) ?? null;
    course.first = undefined;
    course.used = undefined;
    if (obstacle === null) settle(recorded);
    return copy;
  };

  /** Makes a program of a call whose scope has ended. */
  const settle = (recorded: Recorded<Output>): void => {
    const { recording, results, inputs } = recorded;
    for (const result of results) if (result.node !== null && result.node.rule !== null) result.node = null;
    try {
      const program = recording.finish(
        results,
        inputs.map(({ tensor }) => tensor.storage),
      );
      if (program === null) obstacle = recording.obstacle ?? "it can't be recorded";
      else programs.push({ program, recorded });
    } catch (error) {
      // No memory for it all at once: steps go on as before.
      if (!(error instanceof RangeError)) throw error;
      obstacle = error.message;
    }
  };

  Object.defineProperty(call, "obstacle", { get: () => obstacle });
  Object.defineProperty(call, "active", { get: () => programs.length > 0 });
  return call as Captured<Inputs, Output>;
}

/** Whether two calls began with the same gradients there. */
function isSameStart<Output>(a: Recorded<Output>, b: Recorded<Output>): boolean {
  return (
    a.leaves.length === b.leaves.length &&
    a.leaves.every(({ slot, before }, i) => slot === b.leaves[i].slot && before === b.leaves[i].before)
  );
}
