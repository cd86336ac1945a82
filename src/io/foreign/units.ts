// A model as other libraries see it: a list of units, each a layer with the tensors that it has there, and how each becomes a parameter here and back.
import type { BaseLayer } from "../../nn/base-layer.ts";
import type { Model } from "../../nn/model.ts";
import type { Parameter } from "../../nn/parameters.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** A way to make a parameter of tensors of another library. */
export interface Way {
  /** Names of the tensors within their module. */
  readonly theirs: readonly string[];
  /** The parameter; undefined where the tensors are of no shape that can become one. */
  make(xs: readonly Tensor[]): Tensor | undefined;
  /** The tensors that would become the parameter. */
  back(x: Tensor): readonly Tensor[];
}

/** A parameter, and ways to make it: the first whose tensors are there is taken. */
export interface Slot {
  readonly parameter: Parameter;
  readonly ways: readonly Way[];
}

/** A layer, or a part of one, that is a module of its own elsewhere. */
export interface Unit {
  readonly name: string;
  /** What modules it may be filled from. */
  readonly kinds: readonly string[];
  readonly slots: readonly Slot[];
  /** Of the layer that it is, or is a part of. */
  readonly type?: string;
  /** The type of the layer that it is wrapped in. */
  readonly within?: string;
  /** Why it can't be filled from this library, where that is so. */
  readonly obstacle?: string;
}

/** What a library makes of a layer: its units; null for one that is none of its own and is looked into. */
export type UnitsOf = (layer: BaseLayer, own: OwnParameters, context: UnitContext) => readonly Unit[] | null;

/** The parameters of a layer by their names within it, those of the layers that it is made of included. */
export type OwnParameters = ReadonlyMap<string, Parameter>;

/** What is known of a layer's place. */
export interface UnitContext {
  /** The shape [channels, height, width] of the pictures that were flattened before the layer; undefined where none were. */
  readonly flattened: readonly number[] | undefined;
}

/** The units of a model, in the order of its layers. */
export function unitsOf(model: Model, library: UnitsOf): Unit[] {
  const units: Unit[] = [];
  const visit = (layer: BaseLayer, flattened: readonly number[] | undefined, within?: string): void => {
    const own: OwnParameters = new Map(layer.localParameters().map(({ path, parameter }) => [path, parameter]));
    if (own.size === 0) return;
    const found = isModel(layer) ? null : library(layer, own, { flattened });
    if (found !== null) units.push(...found.map((unit) => ({ ...unit, type: layer.type, ...(within && { within }) })));
    else
      for (const child of layer.children)
        visit(
          child,
          isModel(layer) ? flattenedBefore(layer, child) : flattened,
          isModel(layer) ? undefined : layer.type,
        );
  };
  visit(model, undefined);
  return units;
}

function isModel(layer: BaseLayer): layer is Model {
  return "plan" in layer;
}

/** Layers that leave each feature where it is. */
const KEEP_PLACES = new Set([
  "activation",
  "dropout",
  "gaussianNoise",
  "batchNormalization",
  "layerNormalization",
  "prelu",
]);

/** The pictures whose numbers are the features of a layer's first use. */
function flattenedBefore(model: Model, layer: BaseLayer): readonly number[] | undefined {
  let input = model.plan.steps.find((step) => step.layer === layer)?.call.inputs[0];
  while (input?.call != null && KEEP_PLACES.has(input.call.layer.type)) input = input.call.inputs[0];
  if (input?.call?.layer.type !== "flatten") return undefined;
  const { shape } = input.call.inputs[0];
  return shape.length === 3 && shape.every((length) => length !== null) ? (shape as number[]) : undefined;
}

/** The parameter as it is. */
export function same(parameter: Parameter, key: string): Slot {
  return { parameter, ways: [{ theirs: [key], make: ([x]) => x, back: (x) => [x] }] };
}

/** The parameter of one tensor, by a function there and one back. */
export function turned(
  parameter: Parameter,
  key: string,
  make: (x: Tensor) => Tensor | undefined,
  back: (x: Tensor) => Tensor,
): Slot {
  return { parameter, ways: [{ theirs: [key], make: ([x]) => make(x), back: (x) => [back(x)] }] };
}
