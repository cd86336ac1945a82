// Class indices as rows with a single 1.

import { checkDType, type DType } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { checkShape } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { asLabels } from "./labels.ts";

/**
 * Class indices as rows: [...] gives [..., depth] with 1 at the index and 0 elsewhere. Indices in another dtype than
 * int32 must be whole. No gradient.
 * @throws RangeError if an index is not in 0 to depth - 1, or depth is not a whole number from 0 on; TypeError
 * for an index that is not whole.
 * @example
 * ```ts
 * oneHot(tensor([1, 0], "int32"), 2).toArray(); // [[0, 1], [1, 0]]
 * ```
 */
export function oneHot(indices: Tensor, depth: number, dtype: DType = "float32"): Tensor {
  checkTensor("oneHot", indices);
  checkShape("oneHot", [depth]);
  checkDType("oneHot", dtype);
  if (dtype !== "float32" && dtype !== "float64") return cast(oneHot(indices, depth), dtype);
  const source = packed(asLabels("oneHot", indices));
  const y = empty("oneHot", [...indices.shape, depth], dtype);
  if (indices.size === 0) return y;
  const bad = engine().kernel("checkIndices", "int32", source, source.size, depth);
  if (bad >= 0) {
    throw new RangeError(
      `oneHot: index ${engine().readElement(source, bad)} at position ${bad} is not in 0 to ${depth - 1}`,
    );
  }
  engine().kernel("oneHot", dtype, source, y, source.size, depth);
  return y;
}
