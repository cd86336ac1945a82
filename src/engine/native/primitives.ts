// oneDNN's convolutions, as its C interface makes them: described, created and bound to memory here, once per shape; run by any thread. Versions 2
// and 3 differ in how things are described only. All that the library hands out is an address, kept as a number.
import type { ForeignLibrary, Koffi } from "./koffi.ts";

/** Shapes as [batch or filters, channels, height, width], and how the windows walk: of rows, of columns. */
export interface ConvolutionShape {
  image: readonly number[];
  weights: readonly number[];
  result: readonly number[];
  stride: readonly number[];
  dilation: readonly number[];
  before: readonly number[];
  after: readonly number[];
}

export type ConvolutionKind = "forward" | "inputGradient" | "weightGradient";

/** A thing to run: its primitive and the operands it is bound to. */
export interface Step {
  readonly primitive: number;
  readonly operandCount: number;
  readonly operands: number;
}

/** What one thread runs: `steps` on memory that is set before, for its own layout differs from ours. */
export interface BoundConvolution {
  /** Memory objects of the operands as they lie in the engine: image or dy, or x and dy; and the result. */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly steps: readonly Step[];
  /** Memory objects of the weights in the layout that the library wants, and of the bias; 0 for none. */
  readonly weights: number;
  readonly bias: number;
}

export interface Convolution {
  /** One a thread. */
  readonly bound: readonly BoundConvolution[];
  /** Bring the weights into the library's layout, one a thread; null if they are used as they lie. */
  readonly packing: readonly BoundConvolution[] | null;
  /** Bytes of the weights in that layout. */
  readonly packedBytes: number;
  /** What the library's own copies take. */
  readonly bytes: number;
}

// Numbers of oneDNN's interface, the same in versions 2 and 3.
const FLOAT32 = 3;
const ANY_LAYOUT = 1;
const [CPU, DEFAULT_STREAM, USER_SCRATCHPAD] = [1, 1, 1];
const [FORWARD_TRAINING, DIRECT] = [64, 1];
const QUERY = { image: 129, imageGradient: 130, weights: 131, weightsGradient: 132, result: 133, resultGradient: 134 };
const QUERY_SCRATCHPAD = 136;
const OPERAND = { image: 1, imageGradient: 129, weights: 33, weightsGradient: 161, result: 17, resultGradient: 145 };
const [OPERAND_BIAS, OPERAND_SCRATCHPAD, OPERAND_FROM, OPERAND_TO] = [41, 80, 1, 17];
/** Bytes of a layout's and of a convolution's description in version 2, with room to spare. */
const [LAYOUT_BYTES, DESCRIPTION_BYTES] = [1024, 16384];
const DIMENSIONS = 12;

/** Bytes that the library may take for one thread's copies of a convolution's operands. */
const MOST_COPIES = 64 << 20;

type Role = "image" | "weights" | "result";

export class Primitives {
  private readonly call: (name: string, ...values: number[]) => void;
  private readonly ask: (name: string, ...values: number[]) => number;
  private readonly equal: (a: number, b: number) => boolean;
  /** Whether layouts and convolutions are described in memory of ours, as version 2 has it. */
  private readonly descriptions: boolean;
  private readonly engine: number;
  private readonly attributes: number;
  /** One a thread. */
  readonly streams: readonly number[];
  /** Buffers whose addresses the library holds. */
  private kept: ArrayBuffer[] = [];
  private made: { destroy: string; handle: number }[] = [];
  private readonly koffi: Koffi;

  /** `major` is the library's version. */
  constructor(koffi: Koffi, library: ForeignLibrary, major: number, threads: number) {
    this.koffi = koffi;
    this.descriptions = major === 2;
    const bound = new Map<string, (...values: number[]) => number>();
    // Every argument is an address, a size or a small number: all fill a register or a place on the stack.
    const run = (result: string, name: string, values: number[]): number => {
      let f = bound.get(name);
      if (f === undefined) {
        f = library.func(`dnnl_${name}`, result, new Array<string>(values.length).fill("int64_t"));
        bound.set(name, f);
      }
      return f(...values);
    };
    this.ask = (name, ...values) => run("size_t", name, values);
    this.equal = (a, b) => run("int", "memory_desc_equal", [a, b]) !== 0;
    this.call = (name, ...values) => {
      const status = run("int", name, values);
      if (status !== 0) throw new Error(`oneDNN: ${name} failed with status ${status}`);
    };
    this.engine = this.create("engine_create", null, CPU, 0);
    this.streams = Array.from({ length: threads }, () =>
      this.create("stream_create", null, this.engine, DEFAULT_STREAM),
    );
    this.attributes = this.create("primitive_attr_create", null);
    this.call("primitive_attr_set_scratchpad_mode", this.attributes, USER_SCRATCHPAD);
  }

  /** A buffer that stays where it is. */
  private buffer(bytes: number): { view: DataView; address: number } {
    const memory = new ArrayBuffer(Math.max(bytes, 128));
    this.kept.push(memory);
    return { view: new DataView(memory), address: Number(this.koffi.address(new Uint8Array(memory))) };
  }

  /** Calls a function that writes what it made through its first argument; `destroy` is what ends it. */
  private create(name: string, destroy: string | null, ...values: number[]): number {
    const { view, address } = this.buffer(8);
    this.call(name, address, ...values);
    const handle = Number(view.getBigUint64(0, true));
    if (destroy !== null) this.made.push({ destroy, handle });
    return handle;
  }

  private numbers(values: readonly number[]): number {
    const { view, address } = this.buffer(8 * DIMENSIONS);
    values.forEach((value, i) => {
      view.setBigInt64(8 * i, BigInt(value), true);
    });
    return address;
  }

  /** A row-major layout, or one that the library may choose. */
  private layout(shape: readonly number[], any: boolean): number {
    let step = 1;
    const strides = [...shape].reverse().map((length) => {
      const stride = step;
      step *= length;
      return stride;
    });
    const values = [shape.length, this.numbers(shape), FLOAT32, any ? ANY_LAYOUT : this.numbers(strides.reverse())];
    if (this.descriptions) {
      const { address } = this.buffer(LAYOUT_BYTES);
      this.call(any ? "memory_desc_init_by_tag" : "memory_desc_init_by_strides", address, ...values);
      return address;
    }
    return this.create(
      any ? "memory_desc_create_with_tag" : "memory_desc_create_with_strides",
      "memory_desc_destroy",
      ...values,
    );
  }

  private describe(kind: ConvolutionKind, layouts: readonly number[], walk: readonly number[], hint: number): number {
    const heads: Record<ConvolutionKind, [string, number[]]> = {
      forward: ["convolution_forward", [FORWARD_TRAINING, DIRECT]],
      inputGradient: ["convolution_backward_data", [DIRECT]],
      weightGradient: ["convolution_backward_weights", [DIRECT]],
    };
    const [name, head] = heads[kind];
    const end = "primitive_desc_destroy";
    if (this.descriptions) {
      const { address } = this.buffer(DESCRIPTION_BYTES);
      this.call(`dilated_${name}_desc_init`, address, ...head, ...layouts, ...walk);
      return this.create("primitive_desc_create", end, address, this.attributes, this.engine, hint);
    }
    const hints = kind === "forward" ? [] : [hint];
    return this.create(
      `${name}_primitive_desc_create`,
      end,
      this.engine,
      ...head,
      ...layouts,
      ...walk,
      ...hints,
      this.attributes,
    );
  }

  private memory(layout: number, allocate: boolean): number {
    return this.create("memory_create", "memory_destroy", layout, this.engine, allocate ? -1 : 0);
  }

  private step(primitive: number, operands: readonly (readonly [number, number])[]): Step {
    // struct { int operand; void *memory; }
    const { view, address } = this.buffer(16 * operands.length);
    operands.forEach(([operand, memory], i) => {
      view.setInt32(16 * i, operand, true);
      view.setBigUint64(16 * i + 8, BigInt(memory), true);
    });
    return { primitive, operandCount: operands.length, operands: address };
  }

  private reorder(from: number, to: number): number {
    const { engine } = this;
    const description = this.create(
      "reorder_primitive_desc_create",
      "primitive_desc_destroy",
      from,
      engine,
      to,
      engine,
      0,
    );
    return this.create("primitive_create", "primitive_destroy", description);
  }

  /** A convolution, or null if the library can't do it in the memory it is given. */
  convolution(kind: ConvolutionKind, shape: ConvolutionShape, withBias: boolean, any: boolean): Convolution | null {
    const roles: readonly Role[] = ["image", "weights", "result"];
    const plain: Record<Role, number> = {
      image: this.layout(shape.image, false),
      weights: this.layout(shape.weights, false),
      result: this.layout(shape.result, false),
    };
    const wanted = any ? roles.map((role) => this.layout(shape[role], true)) : roles.map((role) => plain[role]);
    const [image, weights, result] = wanted as [number, number, number];
    const biasLayout = withBias ? this.layout([shape.weights[0]!], false) : 0;
    const dilates = shape.dilation.map((step) => step - 1);
    const walk = [shape.stride, dilates, shape.before, shape.after].map((list) => this.numbers(list));
    const forward = this.describe("forward", [image, weights, biasLayout, result], walk, 0);
    let description = forward;
    if (kind === "inputGradient") description = this.describe(kind, wanted, walk, forward);
    if (kind === "weightGradient") description = this.describe(kind, [image, weights, 0, result], walk, forward);
    const primitive = this.create("primitive_create", "primitive_destroy", description);

    const made = { forward: "result", inputGradient: "image", weightGradient: "weights" }[kind] as Role;
    const asGradient = (role: Role): boolean => (role === made ? kind !== "forward" : role === "result");
    const query = (what: number): number => this.ask("primitive_desc_query_md", description, what, 0);
    const chosen = (role: Role): number => query(QUERY[asGradient(role) ? (`${role}Gradient` as const) : role]);
    const operand = (role: Role): number => OPERAND[asGradient(role) ? (`${role}Gradient` as const) : role];
    const differs = (role: Role): boolean => !this.equal(chosen(role), plain[role]);
    const scratchpad = query(QUERY_SCRATCHPAD);
    const size = (layout: number): number => this.ask("memory_desc_get_size", layout);
    const ofWeights = kind === "weightGradient" ? 0 : size(chosen("weights"));
    const copied = roles.filter((role) => differs(role) && (role !== "weights" || ofWeights === 0));
    const bytes = [...copied.map(chosen), scratchpad].reduce((sum, layout) => sum + size(layout), 0);
    if (bytes + ofWeights > MOST_COPIES) return null;

    const move = (reorder: number, from: number, to: number): Step =>
      this.step(reorder, [
        [OPERAND_FROM, from],
        [OPERAND_TO, to],
      ]);
    const inputs = roles.filter((role) => role !== made && (role !== "weights" || ofWeights === 0));
    const reorders = new Map<Role, number>();
    for (const role of [...inputs, made].filter(differs)) {
      reorders.set(
        role,
        role === made ? this.reorder(chosen(role), plain[role]) : this.reorder(plain[role], chosen(role)),
      );
    }
    const bind = (): BoundConvolution => {
      const bias = withBias ? this.memory(biasLayout, false) : 0;
      const weights = ofWeights === 0 ? 0 : this.memory(chosen("weights"), false);
      const outside = new Map([...inputs, made].map((role) => [role, this.memory(plain[role], false)]));
      const inside = new Map([...reorders.keys()].map((role) => [role, this.memory(chosen(role), true)]));
      const use = (role: Role): number => inside.get(role) ?? outside.get(role) ?? weights;
      const operands: [number, number][] = roles.map((role) => [operand(role), use(role)]);
      if (bias !== 0) operands.push([OPERAND_BIAS, bias]);
      operands.push([OPERAND_SCRATCHPAD, this.memory(scratchpad, true)]);
      const steps = inputs
        .filter((role) => inside.has(role))
        .map((role) => move(reorders.get(role)!, outside.get(role)!, inside.get(role)!));
      steps.push(this.step(primitive, operands));
      if (inside.has(made)) steps.push(move(reorders.get(made)!, inside.get(made)!, outside.get(made)!));
      return { inputs: inputs.map((role) => outside.get(role)!), output: outside.get(made)!, steps, weights, bias };
    };
    let packing: BoundConvolution[] | null = null;
    if (ofWeights > 0 && differs("weights")) {
      const reorder = this.reorder(plain.weights, chosen("weights"));
      packing = this.streams.map(() => {
        const from = this.memory(plain.weights, false);
        const to = this.memory(chosen("weights"), false);
        return { inputs: [from], output: to, steps: [move(reorder, from, to)], weights: 0, bias: 0 };
      });
    }
    const packedBytes = packing === null ? 0 : ofWeights;
    return { bound: this.streams.map(bind), packing, packedBytes, bytes: bytes * this.streams.length };
  }

  /** Ends everything that was made since the engine. */
  clear(): void {
    for (const { destroy, handle } of this.made.reverse()) this.call(destroy, handle);
    this.made = [];
    this.kept = [];
  }
}
