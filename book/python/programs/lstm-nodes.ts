// The LSTM program of section 5.5: a node a time step, linked in a list; weights on the concatenation [x, h_before]; the error that comes from the
// step after is handed over as diff_h and diff_s, the second being the constant error carousel. What the output gate lets out is the cell itself,
// h = s o, as the program prints it; `"tanh"` is the form that the text's equations suggest.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** Input modulation g and the three gates, in the program's order. */
export const NODE_GATES = ["g", "i", "f", "o"] as const;
export type NodeGate = (typeof NODE_GATES)[number];

/** "cell": h = s o, as printed. "tanh": h = tanh(s) o. */
export type NodeOutput = "cell" | "tanh";

/**
 * The slope of a gate by its net, from its value. "right": 1 - g^2 for the modulation, which is a tanh, and v (1 - v) for the gates. "asPrinted":
 * the closing snippet's v (1 - v) for all four.
 */
export type NodeSlope = "right" | "asPrinted";

/** Weights of all nodes, and their gradients. */
export class LstmParam {
  readonly memCellCount: number;
  readonly xDim: number;
  readonly output: NodeOutput;
  readonly slope: NodeSlope;
  readonly w: Readonly<Record<NodeGate, Matrix>>;
  readonly b: Readonly<Record<NodeGate, Matrix>>;
  readonly wDiff: Readonly<Record<NodeGate, Matrix>>;
  readonly bDiff: Readonly<Record<NodeGate, Matrix>>;

  /** Weights and biases are uniform in ±0.1. */
  constructor(
    memCellCount: number,
    xDim: number,
    random: Random,
    options: { readonly output?: NodeOutput; readonly slope?: NodeSlope } = {},
  ) {
    this.memCellCount = memCellCount;
    this.xDim = xDim;
    this.output = options.output ?? "cell";
    this.slope = options.slope ?? "right";
    const concatLength = xDim + memCellCount;
    const each = (make: () => Matrix) =>
      Object.fromEntries(NODE_GATES.map((gate) => [gate, make()])) as Record<NodeGate, Matrix>;
    const uniform = () => random.uniform(-0.1, 0.1);
    this.w = each(() => Matrix.fill(memCellCount, concatLength, uniform));
    this.b = each(() => Matrix.fill(memCellCount, 1, uniform));
    this.wDiff = each(() => new Matrix(memCellCount, concatLength));
    this.bDiff = each(() => new Matrix(memCellCount, 1));
  }

  /** 4 ((n + x) n + n) */
  get parameterCount(): number {
    return NODE_GATES.reduce((sum, gate) => sum + this.w[gate].values.length + this.b[gate].values.length, 0);
  }

  /** w -= lr dw, and the gradients back to 0. */
  applyDiff(lr = 1): void {
    for (const gate of NODE_GATES) {
      for (const [values, diff] of [
        [this.w[gate].values, this.wDiff[gate].values],
        [this.b[gate].values, this.bDiff[gate].values],
      ]) {
        for (let i = 0; i < values.length; i++) values[i] -= lr * diff[i];
        diff.fill(0);
      }
    }
  }
}

/** One time step. */
export class LstmNode {
  readonly param: LstmParam;
  private sPrev: Float64Array;
  private xc: Float64Array;
  readonly gates: Record<NodeGate, Float64Array>;
  s: Float64Array;
  h: Float64Array;
  /** dE/dh and dE/ds of the step before, and dE/dx. */
  bottomDiffH: Float64Array;
  bottomDiffS: Float64Array;
  bottomDiffX: Float64Array;

  constructor(param: LstmParam) {
    this.param = param;
    const zeros = () => new Float64Array(param.memCellCount);
    [this.sPrev, this.s, this.h, this.bottomDiffH, this.bottomDiffS] = [zeros(), zeros(), zeros(), zeros(), zeros()];
    this.gates = { g: zeros(), i: zeros(), f: zeros(), o: zeros() };
    this.xc = new Float64Array(param.xDim + param.memCellCount);
    this.bottomDiffX = new Float64Array(param.xDim);
  }

  private seen(s: number): number {
    return this.param.output === "tanh" ? Math.tanh(s) : s;
  }

  /** Forward: this step's input, and state and output of the step before; zeros at the first. */
  bottomDataIs(x: ArrayLike<number>, before?: LstmNode): void {
    const { param } = this;
    const { memCellCount: n, xDim } = param;
    if (x.length !== xDim) throw new RangeError(`LstmNode: the input must have ${xDim} numbers, got ${x.length}`);
    this.sPrev = before === undefined ? new Float64Array(n) : before.s;
    this.xc = new Float64Array(xDim + n);
    this.xc.set(Array.from(x));
    if (before !== undefined) this.xc.set(before.h, xDim);
    for (const gate of NODE_GATES) {
      const net = param.w[gate].dot(Matrix.column(this.xc)).plus(param.b[gate]);
      this.gates[gate] = net.map(gate === "g" ? Math.tanh : sigmoid).values;
    }
    const { g, i, f, o } = this.gates;
    this.s = g.map((value, k) => value * i[k] + this.sPrev[k] * f[k]);
    this.h = this.s.map((value, k) => this.seen(value) * o[k]);
  }

  /** Backward: dE/dh of this step, and dE/ds that comes from the step after. */
  topDiffIs(topDiffH: ArrayLike<number>, topDiffS: ArrayLike<number>): void {
    const { param, s } = this;
    const { g, i, f, o } = this.gates;
    const { memCellCount: n, xDim } = param;
    const ds = s.map((value, k) => {
      const slope = param.output === "tanh" ? 1 - Math.tanh(value) ** 2 : 1;
      return o[k] * topDiffH[k] * slope + topDiffS[k];
    });
    const gateSlope = (v: number) => v * (1 - v);
    const modulationSlope = param.slope === "right" ? (v: number) => 1 - v * v : gateSlope;
    const netDiff: Record<NodeGate, Float64Array> = {
      g: ds.map((d, k) => d * i[k] * modulationSlope(g[k])),
      i: ds.map((d, k) => d * g[k] * gateSlope(i[k])),
      f: ds.map((d, k) => d * this.sPrev[k] * gateSlope(f[k])),
      o: s.map((value, k) => this.seen(value) * topDiffH[k] * gateSlope(o[k])),
    };
    const dxc = new Float64Array(xDim + n);
    for (const gate of NODE_GATES) {
      const [diff, w, wDiff, bDiff] = [
        netDiff[gate],
        param.w[gate].values,
        param.wDiff[gate].values,
        param.bDiff[gate].values,
      ];
      for (let row = 0, at = 0; row < n; row++) {
        bDiff[row] += diff[row];
        for (let column = 0; column < dxc.length; column++, at++) {
          wDiff[at] += diff[row] * this.xc[column];
          dxc[column] += diff[row] * w[at];
        }
      }
    }
    this.bottomDiffS = ds.map((d, k) => d * f[k]);
    this.bottomDiffX = dxc.slice(0, xDim);
    this.bottomDiffH = dxc.slice(xDim);
  }
}

/** What the network's outputs are compared with. */
export interface LossLayer {
  loss(pred: ArrayLike<number>, label: number): number;
  bottomDiff(pred: ArrayLike<number>, label: number): Float64Array;
}

/** The text's: (pred[0] - label)^2, with a gradient on the first number alone. */
export class ToyLossLayer implements LossLayer {
  loss(pred: ArrayLike<number>, label: number): number {
    return (pred[0] - label) ** 2;
  }

  bottomDiff(pred: ArrayLike<number>, label: number): Float64Array {
    const diff = new Float64Array(pred.length);
    diff[0] = 2 * (pred[0] - label);
    return diff;
  }
}

export class LstmNetwork {
  readonly param: LstmParam;
  private readonly nodes: LstmNode[] = [];
  /** Inputs so far: nodes are kept and used again. */
  private length = 0;

  constructor(param: LstmParam) {
    this.param = param;
  }

  get nodeList(): readonly LstmNode[] {
    return this.nodes.slice(0, this.length);
  }

  xListClear(): void {
    this.length = 0;
  }

  xListAdd(x: ArrayLike<number>): void {
    if (this.nodes.length === this.length) this.nodes.push(new LstmNode(this.param));
    this.nodes[this.length].bottomDataIs(x, this.length === 0 ? undefined : this.nodes[this.length - 1]);
    this.length += 1;
  }

  /** Sets the labels of all steps, adds the gradients to those of the parameters, and returns the loss: L(t) = l(t) + L(t + 1). */
  yListIs(yList: readonly number[], lossLayer: LossLayer): number {
    if (yList.length !== this.length || this.length === 0) {
      throw new RangeError(
        `LstmNetwork: ${yList.length} labels for ${this.length} inputs; add an input for every label, then give one a step`,
      );
    }
    let loss = 0;
    let after: LstmNode | undefined;
    for (let t = this.length - 1; t >= 0; t--) {
      const node = this.nodes[t];
      loss += lossLayer.loss(node.h, yList[t]);
      const diffH = lossLayer.bottomDiff(node.h, yList[t]);
      if (after !== undefined) for (let k = 0; k < diffH.length; k++) diffH[k] += after.bottomDiffH[k];
      node.topDiffIs(diffH, after === undefined ? new Float64Array(diffH.length) : after.bottomDiffS);
      after = node;
    }
    return loss;
  }
}

/** The program's demonstration: four random inputs, four numbers to answer, the loss before every update. */
export function demonstration(
  random: Random,
  options: {
    readonly memCellCount?: number;
    readonly xDim?: number;
    readonly iterations?: number;
    readonly lr?: number;
    readonly output?: NodeOutput;
    readonly slope?: NodeSlope;
  } = {},
): { losses: number[]; network: LstmNetwork; predictions: number[][] } {
  const { memCellCount = 100, xDim = 50, iterations = 100, lr = 0.1, output, slope } = options;
  const param = new LstmParam(memCellCount, xDim, random, { ...(output && { output }), ...(slope && { slope }) });
  const network = new LstmNetwork(param);
  const yList = [-0.5, 0.2, 0.1, -0.5];
  const inputs = yList.map(() => Array.from({ length: xDim }, () => random.uniform()));
  const losses: number[] = [];
  const predictions: number[][] = [];
  for (let i = 0; i < iterations; i++) {
    for (const x of inputs) network.xListAdd(x);
    predictions.push(network.nodeList.map(({ h }) => h[0]));
    losses.push(network.yListIs(yList, new ToyLossLayer()));
    param.applyDiff(lr);
    network.xListClear();
  }
  return { losses, network, predictions };
}
