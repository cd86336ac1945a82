// Tensors that span a range or a grid.
import { onCpu } from "../engine/beside.ts";
import { positive } from "../engine/checks.ts";
import type { DType } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { linspace, tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { pow } from "./exponentials.ts";
import { reshape } from "./views.ts";

/**
 * The coordinates of a grid, NumPy's meshgrid: from vectors of lengths n1, n2, n3, ... as many tensors of shape [n2, n1, n3, ...]
 * with indexing "xy" (default: the first vector runs along columns, as x does in a plot), or [n1, n2, n3, ...] with "ij".
 *
 * Gradients: dy summed over the other axes.
 * @throws RangeError for another indexing, or what is no vector; TypeError for what is no tensor.
 * @example
 * ```ts
 * const [x, y] = meshgrid([tensor([1, 2, 3]), tensor([10, 20])]);
 * x!.toArray(); // [[1, 2, 3], [1, 2, 3]]
 * y!.toArray(); // [[10, 10, 10], [20, 20, 20]]
 * ```
 */
export function meshgrid(vectors: readonly Tensor[], indexing: "xy" | "ij" = "xy"): Tensor[] {
  if (!Array.isArray(vectors)) throw new TypeError(`meshgrid: needs an array of vectors, got ${quote(vectors)}`);
  if (indexing !== "xy" && indexing !== "ij") {
    throw new RangeError(`meshgrid: indexing must be "xy" or "ij", got ${quote(indexing)}`);
  }
  vectors.forEach((vector: Tensor) => {
    checkTensor("meshgrid", vector);
    if (vector.rank > 1) throw new RangeError(`meshgrid: needs vectors, got shape ${formatShape(vector.shape)}`);
  });
  const axisOf = (i: number): number => (indexing === "xy" && vectors.length > 1 && i < 2 ? 1 - i : i);
  const shape = vectors.map((_, axis) => (vectors[axisOf(axis)] as Tensor).size);
  return vectors.map((vector: Tensor, i) =>
    broadcastTo(
      reshape(
        vector,
        shape.map((length, axis) => (axis === axisOf(i) ? length : 1)),
      ),
      shape,
    ),
  );
}

/**
 * Numbers evenly spaced on a logarithmic scale, both ends included: base^start, ..., base^stop. Shape [count].
 * @throws RangeError unless the base is a finite number above 0, or for exponents that are not finite or an impossible count.
 * @example
 * ```ts
 * logspace(0, 3, 4).toArray(); // [1, 10, 100, 1000]
 * logspace(0, 2, 3, 2).toArray(); // [1, 2, 4]
 * ```
 */
export function logspace(start: number, stop: number, count = 50, base = 10, dtype: DType = "float32"): Tensor {
  positive("logspace", "base", base);
  const compute = (): Tensor => cast(pow(base, linspace(start, stop, count, "float64")), dtype);
  if (!engine().asynchronous) return compute();
  return tensor(
    onCpu(() => scope(() => compute().dataSync())),
    { dtype },
  );
}
