// Class indices, in whatever dtype they come.
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkTensor } from "./check.ts";

/**
 * Class indices as int32: as they are, or from whole numbers of another dtype, as `tensor([0, 1])` makes them. Internal.
 * @throws TypeError for a number that is not whole.
 */
export function asLabels(operation: string, labels: Tensor): Tensor {
  checkTensor(operation, labels);
  if (labels.dtype === "int32") return labels;
  const values = labels.dataSync();
  const wrong = values.findIndex((value) => (value | 0) !== value);
  if (wrong >= 0) {
    throw new TypeError(
      `${operation}: class indices are whole numbers within int32, got ${values[wrong]} at position ${wrong}`,
    );
  }
  return tensor(Int32Array.from(values), { shape: labels.shape });
}
