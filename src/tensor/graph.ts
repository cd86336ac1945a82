// The trace that automatic differentiation follows. An operation on a tracked tensor leaves a node: its inputs and the rule that turns the
// gradient of its result into gradients of its inputs. Walking the nodes backwards is src/autograd's work; here they are only made.
import type { Tensor } from "./tensor.ts";

/** Gradients of an operation's inputs, in their order, from the gradient of its result; undefined where none is needed. */
export type GradientRule = (outputGradient: Tensor) => readonly (Tensor | undefined)[];

/** A recorded operation, or a leaf: a tensor that gradients are collected for. */
export class Node {
  /** Later operations have larger numbers: descending order is a valid order for backward. */
  readonly order: number;
  /** The operation's name; "variable" for a leaf. */
  readonly operation: string;
  readonly inputs: readonly Tensor[];
  /** null for a leaf. */
  readonly rule: GradientRule | null;
  /** Set on operations whose rule itself can't be differentiated: what to use instead. */
  firstOrderOnly: string | undefined;
  /** Makes the result again by operations whose rules can be differentiated, for gradients of gradients, where the rule can't. */
  again: ((inputs: readonly Tensor[]) => Tensor) | undefined = undefined;
  /** Where a leaf's gradient is collected; see autograd/backward. */
  slot: GradientSlot | null = null;
  /** Writes that the inputs' storages had seen when the operation ran; a later write makes their gradient wrong. */
  readonly versions: number;
  /** Gradient that has arrived so far, during a backward pass. */
  pending: Tensor | undefined = undefined;
  /** Number of the pass that last visited this node. */
  visit = 0;

  constructor(operation: string, inputs: readonly Tensor[], rule: GradientRule | null) {
    nodes += 1;
    this.order = nodes;
    this.operation = operation;
    this.inputs = inputs;
    this.rule = rule;
    this.versions = versionsOf(inputs);
  }
}

/** A place in memory where the gradient of a parameter is collected. */
export interface GradientSlot {
  readonly tensor: Tensor;
  /** True until the first gradient of a step arrives: it overwrites, later ones add. */
  fresh: boolean;
}

let nodes = 0;
let recording = true;

function versionsOf(inputs: readonly Tensor[]): number {
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) sum += inputs[i].storage.version;
  return sum;
}

/** Throws if an input of the node was written to after the operation ran. */
export function checkVersions(node: Node): void {
  if (versionsOf(node.inputs) !== node.versions) {
    throw new Error(
      `backward: an input of ${node.operation} was overwritten after ${node.operation} used it, so its gradient can't be computed; ` +
        "write to a clone() of the tensor, or write before the operation",
    );
  }
}

/** Whether operations leave nodes. */
export function isRecording(): boolean {
  return recording;
}

/** Runs `body` with recording switched to `on`. */
export function withRecording<R>(on: boolean, body: () => R): R {
  const before = recording;
  recording = on;
  try {
    return body();
  } finally {
    recording = before;
  }
}

let collecting = false;

/** Whether a backward pass runs that collects gradients in slots: only then may a rule write there itself. */
export function isCollecting(): boolean {
  return collecting;
}

/** Runs a backward pass that collects in slots, or not. */
export function withCollecting<R>(on: boolean, body: () => R): R {
  const before = collecting;
  collecting = on;
  try {
    return body();
  } finally {
    collecting = before;
  }
}

/** Whether an operation on `x` must leave a node. */
export function tracked(x: Tensor): boolean {
  return recording && x.node !== null;
}

/** Whether an operation on `a` and `b` must leave a node. */
export function anyTracked(a: Tensor, b: Tensor): boolean {
  return recording && (a.node !== null || b.node !== null);
}

/** Attaches to `result` the node of the operation that made it, and returns it. */
export function record(operation: string, result: Tensor, inputs: readonly Tensor[], rule: GradientRule): Tensor {
  result.node = new Node(operation, inputs, rule);
  return result;
}
