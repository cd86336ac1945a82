// The families of this room against the oracle.
import { describeGolden, type GoldenRunner } from "../../test/golden.ts";
import type { Tensor } from "../node.ts";
import * as nb from "../node.ts";

type Attrs = Record<string, unknown>;

const special: Record<string, GoldenRunner> = {
  leakyRelu: ({ x }, { alpha }) => nb.leakyRelu(x, alpha as number),
  clip: ({ x }, { min, max }) => nb.clip(x, min as number, max as number),
  where: ({ c, a, b }) => nb.where(c, a, b),
};

describeGolden("elementwise", ({ name }) => {
  const operation = name.split(" ")[0];
  if (special[operation]) return special[operation];
  const f = (nb as unknown as Record<string, (...x: Tensor[]) => Tensor>)[operation];
  return f && (({ x, a, b }) => (x ? f(x) : f(a, b)));
});

describeGolden("reduce", ({ name }) => {
  const operation = name.split(" ")[0];
  const f = (nb as unknown as Record<string, (x: Tensor, ...rest: unknown[]) => Tensor>)[operation];
  return f && (({ x }, { axis, keepDims }: Attrs) => (keepDims === undefined ? f(x, axis) : f(x, axis, keepDims)));
});

describeGolden("linalg", ({ name }) => {
  if (name === "outer") return ({ a, b }) => nb.outer(a, b);
  if (name === "transposed operands") return ({ a, b }) => nb.matmul(a.T, b.T);
  return name.startsWith("matmul") ? ({ a, b }) => nb.matmul(a, b) : undefined;
});

describeGolden("loss", ({ name }) => {
  const operation = name.split(" ")[0];
  const f = (nb as unknown as Record<string, (p: Tensor, t: Tensor) => Tensor>)[operation];
  return f && (({ p, z, t }) => f(p ?? z, t));
});
