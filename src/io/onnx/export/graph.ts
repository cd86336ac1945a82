// A graph of ONNX under construction: values, nodes and constants, put together and named at the end. What no output needs is left out. Operators that
// ONNX Runtime computes in float32 only are given float32 in a float64 model, too, and their results are cast back.
import { instance, integer, list, numeric, text } from "../../../engine/checks.ts";
import type { TypedArray } from "../../../engine/dtype.ts";
import { quote } from "../../../engine/quote.ts";
import { ATTRIBUTE_TYPE, type AttributeProto, type GraphProto, type NodeProto } from "../proto/messages.ts";
import type { Draft } from "../proto/wire.ts";

/** Element types of values in a graph. */
export type OnnxElement = "float32" | "float64" | "int32" | "int64" | "bool";

/** `TensorProto.DataType`. */
const ELEMENT_NUMBER: Record<OnnxElement, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };

/** An axis of a value: its length, the name of one that differs from call to call, or null for one without a name. */
export type OnnxDimension = number | string | null;

/**
 * A value of a graph: an input, a constant, or what a node gives. It gets its name when the graph is finished.
 * @example
 * ```ts
 * const twofold: OnnxLayerExport = (_layer, [x], scope) => {
 *   x.dtype; // "float32"
 *   return scope.node("Add", [x, x]);
 * };
 * ```
 */
export class OnnxSymbol {
  /** Its lengths, where they are known. */
  dimensions: readonly OnnxDimension[] | undefined;

  constructor(
    readonly dtype: OnnxElement,
    /** What it would like to be called. */
    readonly hint: string,
  ) {}
}

/** A setting of a node. Plain numbers are whole. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

/** What a node is given beside its inputs. */
export interface OnnxNodeOptions {
  attributes?: Readonly<Record<string, OnnxAttribute | undefined>>;
  /** Element type of the results; default: that of the first input. */
  dtype?: OnnxElement;
}

interface Node {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly (OnnxSymbol | null)[];
  readonly outputs: readonly OnnxSymbol[];
  readonly attributes: Readonly<Record<string, OnnxAttribute | undefined>>;
}

interface Constant {
  readonly value: OnnxSymbol;
  readonly shape: readonly number[];
  readonly data: TypedArray | BigInt64Array;
}

/** Operators that ONNX Runtime 1.30 has in float32 alone on its CPU, of those that are used here. */
const FLOAT32_ONLY = new Set(
  (
    "AveragePool Conv ConvTranspose Elu Erf GlobalAveragePool GlobalMaxPool GRU HardSigmoid InstanceNormalization LRN LpPool LSTM Resize RNN Selu " +
    "Softplus Softsign"
  ).split(" "),
);

/** Operators whose result has the shape of the first input, and those where it does if the other is a number, or one a channel. */
const SHAPE_KEEPING = new Set(
  (
    "BatchNormalization Cast Elu Erf Exp HardSigmoid Identity LeakyRelu LRN LayerNormalization Neg PRelu Relu Selu Sigmoid Softmax Softplus Softsign " +
    "Tanh"
  ).split(" "),
);
const BIASED = new Set(["Add", "Mul"]);

/** Operators of which results that nothing needs may be left out. */
const OPTIONAL_RESULTS = new Set(["GRU", "LSTM", "RNN"]);

/** Numbers and lists of integers of up to so many elements are kept once where they are the same; arrays that may be weights never, or two biases would be one to whoever trains on. */
const SMALL = 16;

/** See the head of this file. */
export class GraphBuilder {
  private readonly nodes: Node[] = [];
  private readonly makers = new Map<OnnxSymbol, Node>();
  private readonly constants = new Map<OnnxSymbol, Constant>();
  private readonly known = new Map<string, OnnxSymbol>();
  private readonly inFloat32 = new Map<OnnxSymbol, OnnxSymbol>();
  private readonly inputs: { value: OnnxSymbol; name: string }[] = [];
  private readonly outputs: { value: OnnxSymbol; name: string }[] = [];

  /** An input of the graph. */
  input(name: string, dtype: OnnxElement, dimensions: readonly OnnxDimension[]): OnnxSymbol {
    const value = new OnnxSymbol(dtype, name);
    value.dimensions = dimensions;
    this.inputs.push({ value, name });
    return value;
  }

  /** An output of the graph. */
  output(name: string, value: OnnxSymbol, dimensions: readonly OnnxDimension[]): void {
    // An output has its name for itself: what is an input, a constant or another output already goes through a node of its own.
    const taken = !this.makers.has(value) || this.outputs.some((other) => other.value === value);
    const own = taken ? this.node("Identity", `${name}/Identity`, [value]) : value;
    own.dimensions = dimensions;
    this.outputs.push({ value: own, name });
  }

  /** A constant. Small ones that are the same are one. */
  constant(hint: string, data: TypedArray | BigInt64Array, shape: readonly number[], dtype: OnnxElement): OnnxSymbol {
    const setting = dtype === "int64" || shape.length === 0;
    const key = setting && data.length <= SMALL ? `${dtype} [${shape}] ${data.join()}` : undefined;
    const before = key === undefined ? undefined : this.known.get(key);
    if (before !== undefined) return before;
    const value = new OnnxSymbol(dtype, hint);
    this.constants.set(value, { value, shape, data });
    if (key !== undefined) this.known.set(key, value);
    return value;
  }

  /** A node with one result. */
  node(
    operator: string,
    name: string,
    inputs: readonly (OnnxSymbol | null)[],
    options: OnnxNodeOptions & { hint?: string } = {},
  ): OnnxSymbol {
    return this.nodeOf(operator, name, inputs, [options.hint ?? name], options)[0];
  }

  /** A node with as many results as there are names for them. */
  nodeOf(
    operator: string,
    name: string,
    inputs: readonly (OnnxSymbol | null)[],
    hints: readonly string[],
    options: OnnxNodeOptions = {},
  ): readonly OnnxSymbol[] {
    for (const input of list(operator, "a node's inputs", inputs))
      if (input !== null) instance(operator, "an input", input, OnnxSymbol, "a value of the graph");
    const narrow = FLOAT32_ONLY.has(operator) && inputs.some((input) => input?.dtype === "float64");
    const given = narrow ? inputs.map((input) => (input?.dtype === "float64" ? this.narrowed(input) : input)) : inputs;
    const own = options.dtype ?? inputs.find((input) => input !== null)?.dtype;
    if (own === undefined) throw new TypeError(`${operator}: a node without inputs needs to be told its type`);
    const dtype = narrow ? "float32" : own;
    const outputs = hints.map((hint) => new OnnxSymbol(dtype, hint));
    const node = { operator, name, inputs: given, outputs, attributes: options.attributes ?? {} };
    this.nodes.push(node);
    for (const output of outputs) this.makers.set(output, node);
    if (!narrow) return outputs;
    return outputs.map((output) => {
      const wide = this.cast(output, "float64");
      this.inFloat32.set(wide, output);
      return wide;
    });
  }

  /** The value with another element type. */
  cast(value: OnnxSymbol, dtype: OnnxElement): OnnxSymbol {
    if (value.dtype === dtype) return value;
    const attributes = { to: ELEMENT_NUMBER[dtype] };
    return this.node("Cast", `${value.hint}/Cast`, [value], { attributes, dtype });
  }

  /** In float32: what came from there is not cast twice, and constants are stored so. */
  private narrowed(value: OnnxSymbol): OnnxSymbol {
    const before = this.inFloat32.get(value);
    if (before !== undefined) return before;
    const constant = this.constants.get(value);
    const narrow =
      constant === undefined
        ? this.cast(value, "float32")
        : this.constant(value.hint, Float32Array.from(constant.data as TypedArray), constant.shape, "float32");
    this.inFloat32.set(value, narrow);
    return narrow;
  }

  private isConstant(value: OnnxSymbol | null): boolean {
    return value !== null && this.constants.has(value);
  }

  /** The graph as a message. */
  finish(name: string): Draft<GraphProto> {
    const needed = new Set<OnnxSymbol>(this.outputs.map(({ value }) => value));
    const kept: Node[] = [];
    // Nodes stand behind those that they need.
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      kept.push(node);
      for (const input of node.inputs) if (input !== null) needed.add(input);
    }
    kept.reverse();
    const names = new Names();
    const called = new Map<OnnxSymbol, string>();
    for (const { value, name: own } of [...this.inputs, ...this.outputs]) called.set(value, names.take(own));
    const nameOf = (value: OnnxSymbol): string => {
      let found = called.get(value);
      if (found === undefined) {
        found = names.take(value.hint);
        called.set(value, found);
      }
      return found;
    };
    const constants = [...this.constants.values()].filter(({ value }) => needed.has(value));
    for (const { value } of constants) nameOf(value);
    const nodeNames = new Names();
    const node = kept.map(
      (each): Draft<NodeProto> => ({
        input: each.inputs.map((input) => (input === null ? "" : nameOf(input))),
        output: OPTIONAL_RESULTS.has(each.operator)
          ? each.outputs
              .slice(0, each.outputs.findLastIndex((output) => needed.has(output)) + 1)
              .map((output) => (needed.has(output) ? nameOf(output) : ""))
          : each.outputs.map(nameOf),
        name: nodeNames.take(each.name),
        opType: each.operator,
        attribute: Object.entries(each.attributes)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => attributeOf(key, value!)),
      }),
    );
    // What a bias or an activation is applied to has the shape of what comes of it.
    for (const { operator, inputs, outputs } of kept.toReversed()) {
      const [x, ...others] = inputs;
      const same =
        SHAPE_KEEPING.has(operator) || (BIASED.has(operator) && others.every((other) => this.isConstant(other)));
      if (same && x) x.dimensions ??= outputs[0].dimensions;
    }
    const inner = kept.flatMap(({ outputs }) => outputs).filter((value) => needed.has(value) && value.dimensions);
    const outputs = new Set(this.outputs.map(({ value }) => value));
    return {
      ...{ name, node },
      initializer: constants.map(({ value, shape, data }) => ({
        name: nameOf(value),
        dims: shape,
        dataType: ELEMENT_NUMBER[value.dtype],
        rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
      input: this.inputs.map(({ value }) => infoOf(nameOf(value), value)),
      output: this.outputs.map(({ value }) => infoOf(nameOf(value), value)),
      valueInfo: inner.filter((value) => !outputs.has(value)).map((value) => infoOf(nameOf(value), value)),
    };
  }
}

/** Names, each given once. */
class Names {
  private readonly taken = new Set<string>();

  take(wish: string): string {
    let name = wish;
    for (let i = 2; this.taken.has(name); i++) name = `${wish}_${i}`;
    this.taken.add(name);
    return name;
  }
}

function infoOf(name: string, { dtype, dimensions }: OnnxSymbol): Draft<GraphProto["input"][number]> {
  const dim = dimensions?.map((length) =>
    typeof length === "number" ? { dimValue: length } : length === null ? {} : { dimParam: length },
  );
  return { name, type: { tensorType: { elemType: ELEMENT_NUMBER[dtype], shape: dim && { dim } } } };
}

const utf8 = new TextEncoder();

function attributeOf(name: string, value: OnnxAttribute): Draft<AttributeProto> {
  const { INT, INTS, FLOAT, FLOATS, STRING, STRINGS } = ATTRIBUTE_TYPE;
  const owner = `attribute ${quote(name)}`;
  if (typeof value === "number") return { name, type: INT, i: BigInt(integer(owner, "a number", value)) };
  if (typeof value === "string") return { name, type: STRING, s: utf8.encode(value) };
  if (Array.isArray(value)) {
    const all = list(owner, "a list", value as readonly (number | string)[]);
    if (all.some((each) => typeof each === "string")) {
      return {
        name,
        type: STRINGS,
        strings: all.map((each) => utf8.encode(text(owner, "an element", each as string))),
      };
    }
    const ints = BigInt64Array.from(all as readonly number[], (each) => BigInt(integer(owner, "an element", each)));
    return { name, type: INTS, ints };
  }
  if (typeof value === "object" && value !== null) {
    if ("float" in value) return { name, type: FLOAT, f: numeric(owner, "float", value.float) };
    if ("floats" in value) {
      const floats = Float32Array.from(list(owner, "floats", value.floats), (each) => numeric(owner, "a float", each));
      return { name, type: FLOATS, floats };
    }
  }
  throw new TypeError(
    `${owner}: must be a whole number, a text, a list of one of them, { float } or { floats }, got ${quote(value)}`,
  );
}
