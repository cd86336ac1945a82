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
  /**
   * Memory objects of the operands: the result, image or dy, or x and dy, as they lie in the engine; the weights in the layout that the library
   * wants; the bias, if there is one.
   */
  readonly objects: readonly number[];
  readonly steps: readonly Step[];
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
const [FORWARD_TRAINING, FORWARD_INFERENCE, DIRECT] = [64, 96, 1];
const QUERY = { image: 129, imageGradient: 130, weights: 131, weightsGradient: 132, result: 133, resultGradient: 134 };
const QUERY_SCRATCHPAD = 136;
const OPERAND = { image: 1, imageGradient: 129, weights: 33, weightsGradient: 161, result: 17, resultGradient: 145 };
const [OPERAND_BIAS, OPERAND_SCRATCHPAD, OPERAND_FROM, OPERAND_TO] = [41, 80, 1, 17];
/** Bytes of a layout's and of a convolution's description in version 2, with room to spare. */
const [LAYOUT_BYTES, DESCRIPTION_BYTES] = [1024, 16384];
const DIMENSIONS = 12;
/** What is done to a result as it is made, and how its operands are numbered: from 32768 on in version 3, from half of that in version 2. */
const COMBINE = { subtract: 0x1fff5, multiply: 0x1fff1, add: 0x1fff0 };
const [COMBINED_BASE, OPERAND_SECOND] = [32768, 2];
/** Layouts of images whose channels lie in blocks, by version and channels of a block. */
const BLOCK_LAYOUTS: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  2: { 8: 93, 16: 69 },
  3: { 8: 102, 16: 78 },
};

/** Bytes that the library may take for one thread's copies of a convolution's operands. */
const MOST_COPIES = 64 << 20;

type Role = "image" | "weights" | "result";

/** What is done to a convolution's result as it is made, in this order; the first three with a number a channel. */
export interface Combined {
  readonly subtract: boolean;
  readonly multiply: boolean;
  readonly add: boolean;
  /** Whether a result of the same shape is added. */
  readonly addend: boolean;
}

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
  private readonly major: number;
  /** Buffers whose addresses the library holds. */
  private kept: ArrayBuffer[] = [];
  private made: { destroy: string; handle: number }[] = [];
  private readonly koffi: Koffi;

  /** `major` is the library's version. */
  constructor(koffi: Koffi, library: ForeignLibrary, major: number, threads: number) {
    this.koffi = koffi;
    this.major = major;
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
    if (any) return this.numberedLayout(shape, ANY_LAYOUT);
    let step = 1;
    const strides = [...shape].reverse().map((length) => {
      const stride = step;
      step *= length;
      return stride;
    });
    const values = [shape.length, this.numbers(shape), FLOAT32, this.numbers(strides.reverse())];
    return this.described("strides", values);
  }

  /** One of the layouts that the library has a number for. */
  private numberedLayout(shape: readonly number[], layout: number): number {
    return this.described("tag", [shape.length, this.numbers(shape), FLOAT32, layout]);
  }

  private described(by: "strides" | "tag", values: readonly number[]): number {
    if (this.descriptions) {
      const { address } = this.buffer(LAYOUT_BYTES);
      this.call(`memory_desc_init_by_${by}`, address, ...values);
      return address;
    }
    return this.create(`memory_desc_create_with_${by}`, "memory_desc_destroy", ...values);
  }

  private describe(
    kind: ConvolutionKind | "answer",
    layouts: readonly number[],
    walk: readonly number[],
    hint: number,
    attributes = this.attributes,
  ): number {
    const heads: Record<typeof kind, [string, number[]]> = {
      forward: ["convolution_forward", [FORWARD_TRAINING, DIRECT]],
      answer: ["convolution_forward", [FORWARD_INFERENCE, DIRECT]],
      inputGradient: ["convolution_backward_data", [DIRECT]],
      weightGradient: ["convolution_backward_weights", [DIRECT]],
    };
    const [name, head] = heads[kind];
    const end = "primitive_desc_destroy";
    if (this.descriptions) {
      const { address } = this.buffer(DESCRIPTION_BYTES);
      this.call(`dilated_${name}_desc_init`, address, ...head, ...layouts, ...walk);
      return this.create("primitive_desc_create", end, address, attributes, this.engine, hint);
    }
    const hints = head.length === 2 ? [] : [hint];
    return this.create(
      `${name}_primitive_desc_create`,
      end,
      this.engine,
      ...head,
      ...layouts,
      ...walk,
      ...hints,
      attributes,
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
    const walk = this.walk(shape);
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
      const objects = [made, ...inputs].map((role) => outside.get(role)!);
      return { objects: [...objects, ...[weights, bias].filter((object) => object !== 0)], steps };
    };
    const packing = ofWeights > 0 ? this.packing(plain.weights, chosen("weights")) : null;
    const packedBytes = packing === null ? 0 : ofWeights;
    return { bound: this.streams.map(bind), packing, packedBytes, bytes: bytes * this.streams.length };
  }

  private walk(shape: ConvolutionShape): number[] {
    const dilates = shape.dilation.map((step) => step - 1);
    return [shape.stride, dilates, shape.before, shape.after].map((list) => this.numbers(list));
  }

  /** Brings weights from one layout into another, one a thread; null if they are the same. */
  private packing(from: number, to: number): BoundConvolution[] | null {
    return this.equal(from, to) ? null : this.turning(from, to);
  }

  private turning(from: number, to: number): BoundConvolution[] {
    const reorder = this.reorder(from, to);
    return this.streams.map(() => {
      const [source, target] = [this.memory(from, false), this.memory(to, false)];
      const operands = [
        [OPERAND_FROM, source],
        [OPERAND_TO, target],
      ] as const;
      return { objects: [target, source], steps: [this.step(reorder, operands)] };
    });
  }

  private inBlocks(shape: readonly number[], block: number): number {
    const layout = BLOCK_LAYOUTS[this.major]?.[block];
    if (layout === undefined)
      throw new Error(`oneDNN: no layout of ${block} channels is known for version ${this.major}`);
    return this.numberedLayout(shape, layout);
  }

  /** Brings images from rows into blocks of so many channels, or back, one a thread. */
  turnImages(shape: readonly number[], block: number, intoBlocks: boolean): BoundConvolution[] {
    const [rows, blocks] = [this.layout(shape, false), this.inBlocks(shape, block)];
    return intoBlocks ? this.turning(rows, blocks) : this.turning(blocks, rows);
  }

  /**
   * A convolution of images in blocks of so many channels, which gives its result in such blocks. Its operands: the result, the image, the
   * weights, the bias, and what is combined with the result.
   */
  answer(shape: ConvolutionShape, block: number, withBias: boolean, combined: Combined): Convolution | null {
    const [image, result] = [this.inBlocks(shape.image, block), this.inBlocks(shape.result, block)];
    const bias = withBias ? this.layout([shape.weights[0]!], false) : 0;
    const weights = this.layout(shape.weights, true);
    const perChannel = this.layout([1, shape.weights[0]!, 1, 1], false);
    const { subtract, multiply, add, addend } = combined;
    const steps: [number, number][] = [];
    if (subtract) steps.push([COMBINE.subtract, perChannel]);
    if (multiply) steps.push([COMBINE.multiply, perChannel]);
    if (add) steps.push([COMBINE.add, perChannel]);
    if (addend) steps.push([COMBINE.add, result]);
    const layouts = [image, weights, bias, result];
    const description = this.describe("answer", layouts, this.walk(shape), 0, this.combining(steps));
    const primitive = this.create("primitive_create", "primitive_destroy", description);
    const chosen = this.ask("primitive_desc_query_md", description, QUERY.weights, 0);
    const scratchpad = this.ask("primitive_desc_query_md", description, QUERY_SCRATCHPAD, 0);
    const size = (layout: number): number => this.ask("memory_desc_get_size", layout);
    const [packedBytes, bytes] = [size(chosen), size(scratchpad)];
    if (bytes + packedBytes > MOST_COPIES) return null;
    const bound = this.streams.map((): BoundConvolution => {
      const [to, from, packed] = [result, image, chosen].map((layout) => this.memory(layout, false)) as [
        number,
        number,
        number,
      ];
      const operands: [number, number][] = [
        [OPERAND.result, to],
        [OPERAND.image, from],
        [OPERAND.weights, packed],
      ];
      if (withBias) operands.push([OPERAND_BIAS, this.memory(bias, false)]);
      const base = this.descriptions ? COMBINED_BASE / 2 : COMBINED_BASE;
      steps.forEach(([, layout], i) => {
        operands.push([(base * (i + 1)) | OPERAND_SECOND, this.memory(layout, false)]);
      });
      const objects = operands.map(([, object]) => object);
      operands.push([OPERAND_SCRATCHPAD, this.memory(scratchpad, true)]);
      return { objects, steps: [this.step(primitive, operands)] };
    });
    const packing = this.packing(this.layout(shape.weights, false), chosen);
    return { bound, packing, packedBytes: packing === null ? 0 : packedBytes, bytes: bytes * this.streams.length };
  }

  /** Attributes of a primitive whose result is combined, step by step, with operands of these layouts. */
  private combining(steps: readonly (readonly [operation: number, layout: number])[]): number {
    const list = this.create("post_ops_create", "post_ops_destroy");
    for (const [operation, layout] of steps) this.call("post_ops_append_binary", list, operation, layout);
    const attributes = this.create("primitive_attr_create", "primitive_attr_destroy");
    this.call("primitive_attr_set_scratchpad_mode", attributes, USER_SCRATCHPAD);
    this.call("primitive_attr_set_post_ops", attributes, list);
    return attributes;
  }

  /** Ends everything that was made since the engine. */
  clear(): void {
    for (const { destroy, handle } of this.made.reverse()) this.call(destroy, handle);
    this.made = [];
    this.kept = [];
  }
}
