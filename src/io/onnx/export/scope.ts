// What the export of one layer works with: the graph under construction as that layer sees it, and the way from a layer to its export.
import { list, text } from "../../../engine/checks.ts";
import type { DType, TypedArray } from "../../../engine/dtype.ts";
import { quote } from "../../../engine/quote.ts";
import type { BaseLayer } from "../../../nn/base-layer.ts";
import type { Parameter } from "../../../nn/parameters.ts";
import type { OpenShape } from "../../../nn/shapes.ts";
import type { GraphBuilder, OnnxAttribute, OnnxDimension, OnnxElement, OnnxSymbol } from "./graph.ts";

/** Values for a layer's outputs, given those of its inputs: one, or a list where it has several. */
export type OnnxLayerExport<L extends BaseLayer = BaseLayer> = (
  layer: L,
  inputs: readonly OnnxSymbol[],
  scope: OnnxScope,
) => OnnxSymbol | readonly OnnxSymbol[];

/** Masks of a layer's outputs, given those of its inputs, which `scope.masks` holds. */
export type OnnxMaskExport<L extends BaseLayer = BaseLayer> = (
  layer: L,
  inputs: readonly OnnxSymbol[],
  scope: OnnxScope,
) => readonly (OnnxMask | null)[];

/** A mask, bool [batch, time], and its time where that is known. */
export interface OnnxMask {
  readonly value: OnnxSymbol;
  readonly time: number | null;
}

/** How a kind of layer is exported. */
export interface OnnxLayerRow {
  readonly layer: OnnxLayerExport;
  /** Default: that of `BaseLayer.maskOf`. */
  readonly mask?: OnnxMaskExport;
}

/** State of a recurrent layer that goes on from call to call: an input of the graph, and what has become of it. */
interface State {
  readonly name: string;
  readonly dimensions: readonly OnnxDimension[];
  current: OnnxSymbol;
}

/** One export: what all its layers share. */
export interface OnnxRun {
  readonly graph: GraphBuilder;
  readonly float: "float32" | "float64";
  readonly batch: OnnxDimension;
  /** Exports of layers that are not the library's, by type. */
  readonly own: Readonly<Record<string, OnnxLayerExport>>;
  /** Names of parameters in the model. */
  readonly names: ReadonlyMap<Parameter, string>;
  readonly parameters: Map<Parameter, OnnxSymbol>;
  readonly states: Map<Parameter, State>;
  /** What can't be exported, by layer. */
  readonly problems: string[];
  /** Exports a layer; see `exportLayer`. */
  readonly layer: (run: OnnxRun, layer: BaseLayer, use: OnnxUse) => OnnxResult;
}

/** One use of a layer. */
export interface OnnxUse {
  readonly inputs: readonly OnnxSymbol[];
  /** Shapes of the inputs, without the batch axis. */
  readonly shapes: readonly OpenShape[];
  /** Masks of the inputs; null where a step all count. */
  readonly masks: readonly (OnnxMask | null)[];
}

/** What a use of a layer gives. */
export interface OnnxResult {
  readonly outputs: readonly OnnxSymbol[];
  readonly shapes: readonly OpenShape[];
  readonly masks: readonly (OnnxMask | null)[];
}

/** What can't be put as ONNX; the layer's name is put in front of it. */
export class NotExportable extends Error {}

/**
 * The graph as one use of a layer sees it, for layers of your own: nodes and constants bear the layer's name. Operators are those of
 * ONNX's operator set 17.
 * @example
 * ```ts
 * class Scale extends Layer {
 *   readonly type = "scale";
 *   private factor: Parameter | undefined;
 *   build(inputShape: OpenShape): OpenShape {
 *     this.factor = this.declare("factor", [1], { initialiser: "ones", decay: false });
 *     return inputShape;
 *   }
 *   call(x: Tensor): Tensor {
 *     return x.mul(this.factor!.tensor);
 *   }
 *   config(): LayerConfig {
 *     return { type: this.type };
 *   }
 * }
 * const model = new Sequential([new Scale()], { inputShape: [2] });
 * const scale: OnnxLayerExport = (_layer, [x], scope) => scope.node("Mul", [x, scope.parameter("factor")]);
 * exportOnnx(model, { layers: { scale } }).length > 100; // true
 * ```
 */
export class OnnxScope {
  private readonly known: ReadonlyMap<string, Parameter>;
  /** Shapes of the inputs, without the batch axis; null is a length that may differ from call to call. */
  readonly shapes: readonly OpenShape[];
  /** Masks of the inputs. @internal */
  readonly masks: readonly (OnnxMask | null)[];

  /** @internal */
  constructor(
    /** @internal */
    readonly run: OnnxRun,
    private readonly layer: BaseLayer,
    use: OnnxUse,
    /** Shapes of the outputs, without the batch axis. */
    readonly outputShapes: readonly OpenShape[],
  ) {
    this.shapes = use.shapes;
    this.masks = use.masks;
    this.known = new Map(layer.localParameters().map(({ path, parameter }) => [path, parameter]));
  }

  /** The layer's name. */
  get name(): string {
    return this.layer.name;
  }

  /** Element type of the model's numbers. */
  get float(): "float32" | "float64" {
    return this.run.float;
  }

  /** Says that the layer can't be exported as it is, and why. */
  fail(reason: string): never {
    throw new NotExportable(reason);
  }

  /** The result of a node; `dtype` where it is not that of the first input. Attributes that are undefined are left out. */
  node(
    operator: string,
    inputs: readonly (OnnxSymbol | null)[],
    attributes: Readonly<Record<string, OnnxAttribute | undefined>> = {},
    dtype?: OnnxElement,
  ): OnnxSymbol {
    return this.run.graph.node(operator, this.placeOf(operator), inputs, { attributes, dtype });
  }

  /** The results of a node that has several. */
  nodes(
    operator: string,
    inputs: readonly (OnnxSymbol | null)[],
    results: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute | undefined>> = {},
  ): readonly OnnxSymbol[] {
    const place = this.placeOf(operator);
    const hints = list(place, "the results' names", results).map((result) => `${place}/${result}`);
    return this.run.graph.nodeOf(operator, place, inputs, hints, { attributes });
  }

  /** What nodes of an operator are called here. */
  private placeOf(operator: string): string {
    return `${this.name}/${text(this.name, "an operator", operator)}`;
  }

  /** The value with another element type. */
  cast(x: OnnxSymbol, dtype: OnnxElement): OnnxSymbol {
    return this.run.graph.cast(x, dtype);
  }

  /** The value as the model's kind of numbers, where it is of whole numbers or truth values. */
  real(x: OnnxSymbol): OnnxSymbol {
    return x.dtype === this.float ? x : this.cast(x, this.float);
  }

  /** A constant of whole numbers, int64 [values.length], as axes, shapes and places are given. */
  ints(values: readonly number[]): OnnxSymbol {
    return this.run.graph.constant("ints", BigInt64Array.from(values, BigInt), [values.length], "int64");
  }

  /** A whole number, an int64 without axes. */
  int(value: number): OnnxSymbol {
    return this.run.graph.constant("int", BigInt64Array.of(BigInt(value)), [], "int64");
  }

  /** A number, without axes, of the model's element type or another. */
  number(value: number, dtype: OnnxElement = this.float): OnnxSymbol {
    const { graph } = this.run;
    if (dtype === "int64") return this.int(value);
    const data =
      dtype === "bool"
        ? Uint8Array.of(value)
        : dtype === "int32"
          ? Int32Array.of(value)
          : dtype === "float64"
            ? Float64Array.of(value)
            : Float32Array.of(value);
    return graph.constant("number", data, [], dtype);
  }

  /** A constant of the model's element type. */
  array(name: string, values: ArrayLike<number>, shape: readonly number[]): OnnxSymbol {
    const data = this.float === "float64" ? Float64Array.from(values) : Float32Array.from(values);
    return this.run.graph.constant(`${this.name}.${name}`, data, shape, this.float);
  }

  /** A constant of truth values. */
  truths(name: string, values: ArrayLike<number>, shape: readonly number[]): OnnxSymbol {
    return this.run.graph.constant(`${this.name}.${name}`, Uint8Array.from(values), shape, "bool");
  }

  /** The layer's parameter of that name, as it was declared; null if it has none. */
  parameter(name: string): OnnxSymbol | null {
    const parameter = this.known.get(name);
    if (parameter === undefined) return null;
    const { parameters, names, graph, float } = this.run;
    let value = parameters.get(parameter);
    if (value === undefined) {
      const { data, shape } = this.read(parameter);
      const own = data.constructor === (float === "float64" ? Float64Array : Float32Array);
      const numbers = own ? data : float === "float64" ? Float64Array.from(data) : Float32Array.from(data);
      value = graph.constant(names.get(parameter) ?? parameter.name, numbers, shape, float);
      parameters.set(parameter, value);
    }
    return value;
  }

  /** The values of the layer's parameter of that name, for what is to be made of them; null if it has none. */
  values(name: string): { data: TypedArray; shape: readonly number[] } | null {
    const parameter = this.known.get(name);
    return parameter === undefined ? null : this.read(parameter);
  }

  private read(parameter: Parameter): { data: TypedArray; shape: readonly number[] } {
    const { tensor } = parameter;
    if ((tensor.dtype as DType) !== "float32" && tensor.dtype !== "float64") {
      this.fail(`its parameter ${quote(parameter.name)} is ${tensor.dtype}`);
    }
    return { data: tensor.dataSync(), shape: tensor.shape };
  }

  /**
   * A state that goes on from call to call: an input of the graph, and an output for what it becomes.
   * @internal
   */
  state(name: string): { readonly value: OnnxSymbol; becomes(next: OnnxSymbol): void } {
    const parameter = this.known.get(name)!;
    const { states, graph, float } = this.run;
    let state = states.get(parameter);
    if (state === undefined) {
      const own = this.run.names.get(parameter) ?? parameter.name;
      state = { name: own, dimensions: parameter.shape, current: graph.input(own, float, parameter.shape) };
      states.set(parameter, state);
    }
    const found = state;
    return {
      value: found.current,
      becomes: (next) => {
        found.current = next;
      },
    };
  }

  /** x in another shape: lengths of 0 are those of x, and -1 follows from the others. */
  reshape(x: OnnxSymbol, shape: readonly number[]): OnnxSymbol {
    return this.node("Reshape", [x, this.ints(shape)]);
  }

  /** x with axes of length 1 at these places. */
  unsqueeze(x: OnnxSymbol, ...axes: readonly number[]): OnnxSymbol {
    return this.node("Unsqueeze", [x, this.ints(axes)]);
  }

  /** x without these axes, which have length 1. */
  squeeze(x: OnnxSymbol, ...axes: readonly number[]): OnnxSymbol {
    return this.node("Squeeze", [x, this.ints(axes)]);
  }

  /** x with its axes in another order. */
  transpose(x: OnnxSymbol, ...order: readonly number[]): OnnxSymbol {
    return this.node("Transpose", [x], { perm: order });
  }

  /** The lengths of x's axes from `start` up to `end`, int64 [end - start]. */
  lengths(x: OnnxSymbol, start: number, end: number): OnnxSymbol {
    const shape = this.node("Shape", [x], {}, "int64");
    return this.node("Slice", [shape, this.ints([start]), this.ints([end])]);
  }

  /** The length of an axis of x, an int64 without axes. */
  length(x: OnnxSymbol, axis: number): OnnxSymbol {
    const shape = this.node("Shape", [x], {}, "int64");
    return this.node("Gather", [shape, this.int(axis)]);
  }

  /** 0, 1, ... up to a length, int64. */
  range(length: OnnxSymbol): OnnxSymbol {
    return this.node("Range", [this.int(0), length, this.int(1)]);
  }

  /** x where the truth value holds, else a number. */
  where(condition: OnnxSymbol, x: OnnxSymbol, other: number | OnnxSymbol): OnnxSymbol {
    const rest = typeof other === "number" ? this.number(other, x.dtype) : other;
    return this.node("Where", [condition, x, rest], {}, x.dtype);
  }

  /** The outputs of a layer that this one is made of. */
  call(layer: BaseLayer, inputs: readonly OnnxSymbol[], shapes: readonly OpenShape[]): readonly OnnxSymbol[] {
    return this.within(layer, inputs, shapes, []).outputs;
  }

  /** As `call`, with masks, and what the layer makes of them and of the shapes. @internal */
  within(
    layer: BaseLayer,
    inputs: readonly OnnxSymbol[],
    shapes: readonly OpenShape[],
    masks: readonly (OnnxMask | null)[],
  ): OnnxResult {
    return this.run.layer(this.run, layer, { inputs, shapes, masks: inputs.map((_, i) => masks[i] ?? null) });
  }

  /** Steps that count in every input that has a mask. @internal */
  commonMask(masks: readonly (OnnxMask | null)[]): OnnxMask | null {
    const all = [...new Map(masks.filter((mask) => mask !== null).map((mask) => [mask.value, mask])).values()];
    if (all.length === 0) return null;
    const time = all.find((mask) => mask.time !== null)?.time ?? null;
    return { value: all.map(({ value }) => value).reduce((a, b) => this.node("And", [a, b])), time };
  }
}
