// One export: layer by layer and, within models, step by step, as `Model.run` goes; masks go with the values.
import type { BaseLayer } from "../../../nn/base-layer.ts";
import { Lambda } from "../../../nn/layers/lambda.ts";
import { Model } from "../../../nn/model.ts";
import type { OpenShape } from "../../../nn/shapes.ts";
import { OnnxLayer } from "../import/layer.ts";
import { OnnxModel } from "../import/model.ts";
import { OnnxSymbol } from "./graph.ts";
import { rowOf } from "./registry.ts";
import {
  NotExportable,
  type OnnxLayerExport,
  type OnnxLayerRow,
  type OnnxMask,
  type OnnxResult,
  type OnnxRun,
  OnnxScope,
  type OnnxUse,
} from "./scope.ts";

/** Exports one use of a layer. What can't be exported is noted, and values of its shape stand for its outputs. */
export function exportLayer(run: OnnxRun, layer: BaseLayer, use: OnnxUse): OnnxResult {
  const shapes = layer.connect(use.shapes);
  try {
    return exportUse(run, layer, use, shapes);
  } catch (error) {
    if (!(error instanceof NotExportable)) throw error;
    run.problems.push(`${layer.name} (${layer.type}): ${error.message}`);
    const outputs = shapes.map((_, i) => new OnnxSymbol(run.float, `${layer.name}.${i}`));
    return { outputs, shapes, masks: shapes.map(() => null) };
  }
}

function exportUse(run: OnnxRun, layer: BaseLayer, use: OnnxUse, shapes: readonly OpenShape[]): OnnxResult {
  const own = Object.hasOwn(run.own, layer.type) ? run.own[layer.type] : undefined;
  const row: OnnxLayerRow | undefined = own === undefined ? rowOf(layer) : { layer: own };
  if (row === undefined) {
    if (layer instanceof Model && !(layer instanceof OnnxModel) && plainModel(layer))
      return exportModel(run, layer, use);
    throw new NotExportable(reasonFor(layer));
  }
  const scope = new OnnxScope(run, layer, use, shapes);
  const given = row.layer(layer, use.inputs, scope);
  const outputs: readonly OnnxSymbol[] = Array.isArray(given) ? given : [given as OnnxSymbol];
  if (own !== undefined) checkOwn(layer, own, outputs, shapes);
  outputs.forEach((output, i) => {
    output.dimensions ??= [run.batch, ...shapes[i]];
  });
  const masked = layer.makesMasks || use.masks.some((mask) => mask !== null);
  const masks = !masked
    ? shapes.map(() => null)
    : row.mask !== undefined
      ? row.mask(layer, use.inputs, scope)
      : passedOn(layer, use, shapes);
  return { outputs, shapes, masks };
}

/** Whether a model runs as models do. */
function plainModel(model: Model): boolean {
  return model.run === Model.prototype.run && model.forward === Model.prototype.forward;
}

function reasonFor(layer: BaseLayer): string {
  if (layer instanceof OnnxLayer || layer instanceof OnnxModel) {
    return "a graph from an ONNX file goes back by itself only, not as a part of another model";
  }
  if (layer instanceof Lambda) return "a function of your own can't be put as ONNX; make it a layer with an export";
  return `a layer of your own has no export; give one as layers: { ${JSON.stringify(layer.type)}: (layer, inputs, scope) => ... }`;
}

function checkOwn(
  layer: BaseLayer,
  own: OnnxLayerExport,
  outputs: readonly OnnxSymbol[],
  shapes: readonly OpenShape[],
): void {
  if (outputs.length === shapes.length && outputs.every((output) => output instanceof OnnxSymbol)) return;
  const name = own.name === "" ? "its export" : own.name;
  const wanted = shapes.length === 1 ? "one value" : `a list of ${shapes.length} values`;
  throw new TypeError(
    `exportOnnx: layer ${layer.name}: ${name} must return ${wanted} of the graph's, as scope.node gives`,
  );
}

/** `BaseLayer.maskOf`: the first input's mask where the output has its steps. */
function passedOn(layer: BaseLayer, use: OnnxUse, shapes: readonly OpenShape[]): readonly (OnnxMask | null)[] {
  const [mask] = use.masks;
  return shapes.map((shape, i) => {
    if (mask === null || shape.length < 2) return null;
    const { time } = mask;
    const same = time !== null && shape[0] !== null ? time === shape[0] : keepsTime(layer, use.shapes, i);
    return same ? mask : null;
  });
}

/** Lengths to try, of which at least one pair is long enough for any layer, and one short enough. */
const TRIED = [
  [97, 89],
  [13, 11],
  [3, 2],
] as const;

/** Whether an output has as many steps as the first input, whatever their number. */
function keepsTime(layer: BaseLayer, shapes: readonly OpenShape[], output: number): boolean {
  for (const lengths of TRIED) {
    try {
      return lengths.every((length) => {
        const fixed = shapes.map((shape) => shape.map((known) => known ?? length));
        return layer.connect(fixed)[output][0] === length;
      });
    } catch {
      // Too long, or too short.
    }
  }
  return false;
}

/** Exports a model that is part of another, or the whole. */
export function exportModel(run: OnnxRun, model: Model, use: OnnxUse): OnnxResult {
  const { steps, places, size } = model.plan;
  const values: OnnxSymbol[] = new Array(size);
  const shapes: OpenShape[] = new Array(size);
  const masks: (OnnxMask | null)[] = new Array(size).fill(null);
  use.inputs.forEach((input, i) => {
    values[i] = input;
    shapes[i] = use.shapes[i];
    masks[i] = use.masks[i] ?? null;
  });
  for (const { layer, inputs, output } of steps) {
    const made = exportLayer(run, layer, {
      inputs: inputs.map((place) => values[place]),
      shapes: inputs.map((place) => shapes[place]),
      masks: inputs.map((place) => masks[place]),
    });
    made.outputs.forEach((value, i) => {
      values[output + i] = value;
      shapes[output + i] = made.shapes[i];
      masks[output + i] = made.masks[i] ?? null;
    });
  }
  return {
    outputs: places.map((place) => values[place]),
    shapes: places.map((place) => shapes[place]),
    masks: places.map((place) => masks[place]),
  };
}
