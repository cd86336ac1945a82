// Backpropagation: from a result back through the recorded nodes, each node's gradient complete before its rule runs. Nodes are numbered as
// they are made, so descending order is an order in which that holds.

import { engine } from "../engine/engine.ts";
import { noteUse } from "../engine/recording.ts";
import { keepStorage } from "../engine/storage.ts";
import { add } from "../ops/arithmetic.ts";
import { cast } from "../ops/cast.ts";
import { checkTensor } from "../tensor/check.ts";
import { onesLike, zerosLike } from "../tensor/create.ts";
import { checkVersions, type Node, record, withCollecting, withRecording } from "../tensor/graph.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { packed, type Tensor, windowOf } from "../tensor/tensor.ts";

let pass = 0;

/** Nodes that lead from `root` to a wanted leaf (any, if `targets` is undefined), in the order in which backward visits them. */
function nodesBetween(roots: readonly Node[], targets: ReadonlySet<Node> | undefined): Node[] {
  pass += 1;
  const found: Node[] = [];
  const stack: Node[] = [];
  for (const root of roots) {
    if (root.visit !== pass) {
      root.visit = pass;
      stack.push(root);
    }
  }
  while (stack.length > 0) {
    const node = stack.pop()!;
    found.push(node);
    if (targets?.has(node)) continue;
    const inputs = node.inputs;
    for (let i = 0; i < inputs.length; i++) {
      const next = inputs[i].node;
      if (next !== null && next.visit !== pass) {
        next.visit = pass;
        stack.push(next);
      }
    }
  }
  found.sort((a, b) => b.order - a.order);
  if (targets === undefined) return found;
  // Ascending, a node is useful if it is a target or an input of it is: keep those only.
  const useful = new Set<Node>();
  for (let i = found.length - 1; i >= 0; i--) {
    const node = found[i];
    if (targets.has(node) || node.inputs.some((x) => x.node !== null && useful.has(x.node))) useful.add(node);
  }
  return found.filter((node) => useful.has(node));
}

function checkGradient(node: Node, x: Tensor, gradient: Tensor): void {
  checkTensor(`backward: the gradient rule of ${node.operation}`, gradient);
  if (!sameShape(x.shape, gradient.shape)) {
    throw new Error(
      `backward: the gradient rule of ${node.operation} gave shape ${formatShape(gradient.shape)} for an input of shape ${formatShape(x.shape)}`,
    );
  }
}

let leafComplete: ((leaf: Node) => void) | undefined;

/** Runs a function, and is told of each leaf as soon as a backward pass in it has collected all of its gradient. */
export function whenLeavesComplete<R>(tell: (leaf: Node) => void, body: () => R): R {
  const before = leafComplete;
  leafComplete = tell;
  try {
    return body();
  } finally {
    leafComplete = before;
  }
}

/** Counts for each leaf how many inputs of the nodes it is, and tells when all of them have been visited. */
class LeafWatch {
  private readonly left = new Map<Node, number>();

  constructor(
    nodes: readonly Node[],
    private readonly tell: (leaf: Node) => void,
  ) {
    for (const node of nodes) this.each(node, (leaf) => void this.left.set(leaf, (this.left.get(leaf) ?? 0) + 1));
  }

  visited(node: Node): void {
    this.each(node, (leaf) => {
      const left = this.left.get(leaf)! - 1;
      this.left.set(leaf, left);
      if (left === 0) this.tell(leaf);
    });
  }

  private each(node: Node, body: (leaf: Node) => void): void {
    for (const { node: from } of node.inputs) if (from !== null && from.rule === null) body(from);
  }
}

/** Adds `gradient` to where the leaf collects, or makes the place. */
function collect(node: Node, gradient: Tensor): void {
  const slot = node.slot;
  if (slot === null) {
    const own = withRecording(false, () => packed(add(gradient, 0)));
    keepStorage(own.storage);
    node.slot = { tensor: own, fresh: false };
    return;
  }
  if (gradient === slot.tensor) return;
  const engineNow = engine();
  if (slot.fresh) engineNow.copy(gradient, slot.tensor);
  else if (slot.tensor.size > 0) engineNow.binary("add", slot.tensor, gradient, slot.tensor);
  slot.fresh = false;
}

/** Gradients of a node's inputs that can be differentiated: through the result made again, with windows on the inputs where it ends. */
function remade(node: Node, gradient: Tensor): (Tensor | undefined)[] {
  const windows = node.inputs.map((x) =>
    x.node === null
      ? x
      : record("argument", windowOf(x, x.shape, x.offset, x.contiguous ? null : x.strides), [x], (dy) => [dy]),
  );
  const y = node.again!(windows);
  const found = propagate(
    [{ node: y.node!, gradient }],
    windows.flatMap((window) => window.node ?? []),
    true,
  );
  return windows.map((window) => (window.node === null ? undefined : found.get(window.node)));
}

/**
 * Runs the rules from `roots` (each with the gradient fed into it) back to the leaves.
 *
 * With `targets`, the gradient of each of these nodes is returned and nothing is collected. Without, every leaf reached collects its gradient
 * in its slot. `differentiable` records the rules themselves, for gradients of gradients.
 */
export function propagate(
  roots: readonly { node: Node; gradient: Tensor }[],
  targets: readonly Node[] | undefined,
  differentiable: boolean,
): Map<Node, Tensor> {
  const wanted = targets && new Set(targets);
  const order = nodesBetween(
    roots.map((root) => root.node),
    wanted,
  );
  const results = new Map<Node, Tensor>();
  const inPass = new Set(order);
  if (targets === undefined) for (const node of order) if (node.rule === null) noteUse(node);
  try {
    for (const { node, gradient } of roots) {
      if (inPass.has(node)) node.pending = node.pending ? add(node.pending, gradient) : gradient;
    }
    const leaves = targets === undefined && leafComplete !== undefined ? new LeafWatch(order, leafComplete) : null;
    const run = (): void => {
      for (const node of order) {
        const gradient = node.pending;
        node.pending = undefined;
        if (gradient === undefined) {
          leaves?.visited(node);
          continue;
        }
        if (wanted?.has(node)) {
          results.set(node, gradient);
          continue;
        }
        if (node.rule === null) {
          collect(node, gradient);
          continue;
        }
        if (differentiable && node.firstOrderOnly !== undefined) {
          throw new Error(`${node.operation}: its gradient has no gradient; ${node.firstOrderOnly}`);
        }
        checkVersions(node);
        const gradients = differentiable && node.again !== undefined ? remade(node, gradient) : node.rule(gradient);
        for (let i = 0; i < node.inputs.length; i++) {
          const x = node.inputs[i];
          const dx = gradients[i];
          if (x.node === null || dx === undefined || !inPass.has(x.node)) continue;
          checkGradient(node, x, dx);
          const next = x.node;
          if (next.slot !== null && dx === next.slot.tensor) continue; // written in place already
          if (next.rule === null && wanted === undefined) collect(next, dx);
          else next.pending = next.pending === undefined ? dx : add(next.pending, dx);
        }
        leaves?.visited(node);
      }
    };
    withRecording(differentiable, () => withCollecting(wanted === undefined, run));
  } finally {
    for (const node of order) node.pending = undefined;
  }
  return results;
}

/**
 * Backpropagation: computes dy/dx for a scalar y and every tensor x that led to it and that `requireGradient()` was
 * called on, and adds it to `x.gradient`, which has the shape of x.
 * @param y a scalar, or any tensor together with `outputGradient` of its shape: then the gradients are those of sum(y
 * outputGradient).
 * @throws Error if nothing that led to y was recorded, or an input was overwritten since; RangeError if y is not a
 * scalar and `outputGradient` is missing or has another shape.
 * @example
 * ```ts
 * const w = tensor([3]).requireGradient();
 * backward(w.mul(w).sum());
 * w.gradient!.item(); // 6
 * ```
 */
export function backward(y: Tensor, outputGradient?: Tensor): void {
  checkTensor("backward", y);
  if (y.node === null) {
    throw new Error(
      "backward: nothing was recorded for this tensor; call requireGradient() on the tensors whose gradient you want before computing, and not inside noGrad",
    );
  }
  propagate([{ node: y.node, gradient: seedFor("backward", y, outputGradient) }], undefined, false);
}

/** The gradient to start from: 1 for a scalar, the given one otherwise. */
export function seedFor(operation: string, y: Tensor, outputGradient: Tensor | undefined): Tensor {
  if (outputGradient === undefined) {
    if (y.size !== 1) {
      throw new RangeError(
        `${operation}: the result has shape ${formatShape(y.shape)}, not one element; sum it, or give the gradient to start from`,
      );
    }
    return onesLike(y);
  }
  checkTensor(`${operation}: the gradient to start from`, outputGradient);
  if (!sameShape(y.shape, outputGradient.shape)) {
    throw new RangeError(
      `${operation}: the gradient to start from has shape ${formatShape(outputGradient.shape)}, the result ${formatShape(y.shape)}; they must be equal`,
    );
  }
  return cast(outputGradient, y.dtype);
}

/** The gradient for a target that backward did not reach: it does not influence the result. */
export function zeroGradient(x: Tensor): Tensor {
  return zerosLike(x);
}
