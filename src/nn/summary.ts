// A model's layers as a table.
import type { BaseLayer } from "./base-layer.ts";
import type { Plan } from "./graph.ts";
import type { Parameter } from "./parameters.ts";
import { formatOpen, type OpenShape } from "./shapes.ts";

/** A row of `summary()`. */
export interface LayerSummary {
  name: string;
  type: string;
  /** Without the batch axis; that of the first output where there are several. */
  outputShape: OpenShape;
  /** Number of trainable numbers; 0 where an earlier row has counted them. */
  parameters: number;
  /** Numbers that optimisers leave alone: state, and what is frozen. */
  fixed: number;
  /** What the layer is applied to, by name. */
  inputs: readonly string[];
}

/** Number of trainable numbers. */
export function trainableSize(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { trainable, size }) => sum + (trainable ? size : 0), 0);
}

/** The rows of a plan's steps, named by `nameOf`. */
export function rowsOf(
  { steps, inputs }: Plan,
  inputNames: readonly string[],
  shapes: readonly OpenShape[],
  nameOf: (layer: BaseLayer) => string,
): LayerSummary[] {
  const counted = new Set<Parameter>();
  const names: string[] = [...inputNames];
  return steps.map(({ layer, inputs: from, output }, k) => {
    const end = k + 1 < steps.length ? steps[k + 1].output : shapes.length;
    const several = end - output > 1;
    for (let i = output; i < end; i++) names[i] = several ? `${nameOf(layer)}[${i - output}]` : nameOf(layer);
    const fresh = layer.parameters.filter((parameter) => !counted.has(parameter));
    for (const parameter of fresh) counted.add(parameter);
    const parameters = trainableSize(fresh);
    return {
      name: nameOf(layer),
      type: layer.type,
      outputShape: shapes[output] ?? inputs[0].shape,
      parameters,
      fixed: fresh.reduce((sum, { size }) => sum + size, 0) - parameters,
      inputs: from.map((place) => names[place]),
    };
  });
}

/** The rows as a table; what each layer is applied to where it is not the row above. */
export function tableOf(
  rows: readonly LayerSummary[],
  inputs: readonly { name: string; shape: OpenShape }[],
  count: number,
): string {
  const straight =
    inputs.length === 1 && rows.every(({ inputs: from }, i) => i === 0 || from.join() === rows[i - 1].name);
  const head = ["layer", "output shape", "parameters", ...(straight ? [] : ["applied to"])];
  const number = (value: number): string => value.toLocaleString("en");
  const cells = [
    head,
    ...inputs.map(({ name, shape }) => [name, formatOpen(shape), "0", ...(straight ? [] : [""])]),
    ...rows.map((row) => [
      ...[row.name, formatOpen(row.outputShape), number(row.parameters)],
      ...(straight ? [] : [row.inputs.join(", ")]),
    ]),
  ];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === 2 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join("   ")
      .trimEnd(),
  );
  const width = Math.max(...lines.map((line) => line.length));
  const fixed = rows.reduce((sum, row) => sum + row.fixed, 0);
  const rest = fixed > 0 ? `, and ${number(fixed)} that are not trained` : "";
  lines.splice(1, 0, "-".repeat(width));
  return [...lines, "-".repeat(width), `${number(count)} parameters${rest}`].join("\n");
}
