// The fused forms of recurrent layers. The products with the inputs of all steps are one matrix product; what depends on the step before
// runs in one kernel, forward and, by backpropagation through time, back; the gradients of the weights are one product at the end.
import { engine, type MatrixView } from "../../engine/engine.ts";
import { zeros } from "../../tensor/create.ts";
import { isCollecting, isRecording, record } from "../../tensor/graph.ts";
import { empty, packed, type Tensor } from "../../tensor/tensor.ts";
import type { Setup } from "./setup.ts";

/** A matrix with rows of `width` elements, from element `offset` on; `transposed` swaps its axes. */
export function matrix(x: Tensor, width: number, transposed = false, offset = 0): MatrixView {
  const [rowStride, columnStride] = transposed ? [1, width] : [width, 1];
  return { view: x, offset: x.offset + offset, rowStride, columnStride, batchStride: 0 };
}

/** x W^T + bias for all steps, into `out` [steps * batch, gates * size]. */
export function inputProducts(setup: Setup, bias: Tensor | null, out: Tensor): void {
  const { x, inputWeights, steps, batch, inputs } = setup;
  const [columns] = inputWeights.shape as [number];
  const left = matrix(packed(x), inputs);
  const right = matrix(packed(inputWeights), inputs, true);
  engine().matmul(left, right, out, steps * batch, columns, inputs, 1, { bias: bias ? packed(bias) : undefined });
}

/** The place where the gradient of a parameter is collected, if it can be written directly, or new memory. */
export function gradientPlace(parameter: Tensor): { into: Tensor; accumulate: boolean } {
  const slot = isCollecting() ? parameter.node?.slot : null;
  if (!slot || slot.tensor.dtype !== parameter.dtype || !slot.tensor.contiguous || slot.tensor.size === 0) {
    return { into: empty("gradient", parameter.shape, parameter.dtype), accumulate: false };
  }
  const accumulate = !slot.fresh;
  slot.fresh = false;
  return { into: slot.tensor, accumulate };
}

/** Gradients of the gates' inputs for all steps: dz [steps * batch, width]. */
interface GateGradients {
  dz: Tensor;
  width: number;
}

/** dz W and dz^T x: gradients of the inputs and of their weights. The gates stand in the columns of dz from `from` on. */
export function inputGradients(setup: Setup, { dz, width }: GateGradients, from: number): (Tensor | undefined)[] {
  const { x, inputWeights, steps, batch, inputs } = setup;
  const [columns] = inputWeights.shape as [number];
  const count = steps * batch;
  let dx: Tensor | undefined;
  if (x.node && x.size > 0) {
    dx = empty("gradient", x.shape, x.dtype);
    engine().matmul(
      matrix(dz, width, false, from),
      matrix(packed(inputWeights), inputs),
      dx,
      count,
      inputs,
      columns,
      1,
    );
  } else if (x.node) dx = zeros(x.shape, x.dtype);
  if (!inputWeights.node) return [dx, undefined];
  if (inputWeights.size === 0) return [dx, zeros(inputWeights.shape, inputWeights.dtype)];
  const { into, accumulate } = gradientPlace(inputWeights);
  const right = matrix(packed(x), inputs);
  engine().matmul(matrix(dz, width, true, from), right, into, columns, inputs, count, 1, { accumulate });
  return [dx, into];
}

/**
 * Adds dz^T h to `into` [columns, size], h being the states before each step: those of the steps before, and the first state.
 * dz stands in `columns` columns from `from` on.
 */
export function addStateGradients(
  setup: Setup,
  { dz, width }: GateGradients,
  from: number,
  columns: number,
  states: Tensor,
  into: Tensor,
  accumulate: boolean,
): void {
  const { steps, batch, size, backward, h0 } = setup;
  const later = backward ? 0 : batch;
  const earlier = backward ? batch : 0;
  const count = (steps - 1) * batch;
  let started = accumulate;
  if (count > 0) {
    const left = matrix(dz, width, true, later * width + from);
    const right = matrix(states, size, false, earlier * size);
    engine().matmul(left, right, into, columns, size, count, 1, { accumulate });
    started = true;
  }
  if (h0 !== null) {
    const left = matrix(dz, width, true, (backward ? count : 0) * width + from);
    engine().matmul(left, matrix(packed(h0), size), into, columns, size, batch, 1, { accumulate: started });
  } else if (!started) engine().fill(into, 0);
}

/** dz summed over all steps and rows. */
export function biasGradient({ dz, width }: GateGradients): Tensor {
  const y = empty("gradient", [width], dz.dtype);
  engine().reduce("sum", dz, y, 1, dz.size / width, width);
  return y;
}

/** Gradients of x, h0, weights and biases where every gate sees the input and the state alike. */
export function gradientsOf(setup: Setup, gates: GateGradients, states: Tensor, dh0: Tensor): (Tensor | undefined)[] {
  const { stateWeights, inputBias, stateBias } = setup;
  const [dx, dInputWeights] = inputGradients(setup, gates, 0);
  let dStateWeights: Tensor | undefined;
  if (stateWeights.node) {
    const { into, accumulate } = gradientPlace(stateWeights);
    addStateGradients(setup, gates, 0, gates.width, states, into, accumulate);
    dStateWeights = into;
  }
  const dBias = inputBias?.node || stateBias?.node ? biasGradient(gates) : undefined;
  return [dx, dh0, dInputWeights, dStateWeights, dBias, dBias];
}

export function sumOfBiases(a: Tensor | null, b: Tensor | null): Tensor | null {
  if (a === null || b === null) return a ?? b;
  const both = empty("bias", a.shape, a.dtype);
  engine().binary("add", a, b, both);
  return both;
}

/**
 * Attaches the fused gradient. `rule` gives gradients in the order of x, h0, the weights and biases of `setup`, and `c0`; `composed` makes the result
 * of ordinary operations, where the gradient is itself differentiated.
 */
export function recordFused(
  setup: Setup,
  c0: Tensor | null,
  y: Tensor,
  rule: (dy: Tensor) => readonly (Tensor | undefined)[],
  composed: (setup: Setup, c0: Tensor | null) => Tensor,
): Tensor {
  const { x, h0, inputWeights, stateWeights, inputBias, stateBias } = setup;
  const inputs = [x, h0, inputWeights, stateWeights, inputBias, stateBias, c0];
  const present = inputs.flatMap((x, i) => (x === null ? [] : [i]));
  const operands = present.map((i) => inputs[i]!);
  if (!isRecording() || operands.every((x) => x.node === null)) return y;
  record(setup.operation, y, operands, (dy) => {
    const gradients = rule(packed(dy));
    return present.map((i) => (inputs[i]!.node ? gradients[i] : undefined));
  });
  y.node!.again = (given) => {
    const at = (i: number): Tensor | null => (inputs[i] === null ? null : given[present.indexOf(i)]);
    const weights = { inputWeights: at(2)!, stateWeights: at(3)!, inputBias: at(4), stateBias: at(5) };
    return composed({ ...setup, x: at(0)!, h0: at(1), ...weights }, at(6));
  };
  return y;
}

/** A vector for the packed state weights of `gates` blocks; each of two parts fills whole panels. */
export function panelsFor(setup: Setup, gates: number): Tensor {
  return empty("panels", [gates * (setup.size + 16) * (setup.size + 16)], setup.dtype);
}
