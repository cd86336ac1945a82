// Pieces of a long sequence as samples for a language model: the numbers of each piece, and the same shifted by one, which is what comes next.
import { knownOptions, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Samples } from "./batches.ts";
import { Dataset } from "./dataset/dataset.ts";
import { hold } from "./dataset/held.ts";
import { numbered } from "./dataset/stage.ts";

/** How a sequence is cut. */
export interface WindowOptions {
  /** Numbers from the beginning of a piece to that of the next; default its length, so that none overlap. */
  readonly stride?: number;
}

/** A sequence as int32. @throws TypeError for what holds no numbers; RangeError for one that is not whole. */
export function wholeNumbers(owner: string, sequence: ArrayLike<number> | Tensor): Int32Array {
  const values: unknown = sequence instanceof Tensor ? sequence.dataSync() : sequence;
  if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && "length" in values)) {
    throw new TypeError(`${owner}: needs numbers in an array or tensor, got ${quote(sequence)}`);
  }
  const given = values as ArrayLike<number>;
  const numbers = Int32Array.from(given, (value) => (typeof value === "number" ? value : Number.NaN));
  for (let k = 0; k < numbers.length; k++) {
    if (numbers[k] === given[k]) continue;
    throw new RangeError(`${owner}: ${quote(given[k])} at position ${k} is no whole number of int32`);
  }
  return numbers;
}

/**
 * Pieces of a sequence of numbers as samples `{ x, y }`, both int32 [length]: y is what follows each number of x. Pieces are reached by number, so
 * that shuffling moves nothing; what is left at the end and too short for a piece is left out.
 * @param sequence the numbers, as `Vocabulary.encode` gives them; what is held of them is 4 bytes each.
 * @throws RangeError for a length or stride that is not a whole number from 1 on, or a sequence that is too short for one piece.
 * @example
 * ```ts
 * const pieces = textWindows([1, 2, 3, 4, 5, 6, 7], 3);
 * const { x, y } = (await pieces.batch(2).toArray())[0];
 * x.toArray(); // [[1, 2, 3], [4, 5, 6]]
 * y.toArray(); // [[2, 3, 4], [5, 6, 7]]
 * ```
 */
export function textWindows(
  sequence: ArrayLike<number> | Tensor,
  length: number,
  options: WindowOptions = {},
): Dataset<Samples> {
  const owner = "textWindows";
  const numbers = wholeNumbers(owner, sequence);
  whole(owner, "the length", length, 1);
  const { stride = length } = knownOptions(owner, options, ["stride"]);
  whole(owner, "stride", stride, 1);
  const size = Math.floor((numbers.length - 1 - length) / stride) + 1;
  if (numbers.length < length + 1) {
    throw new RangeError(
      `${owner}: a piece of ${length} numbers and the one behind it need ${length + 1}, but the sequence has ${numbers.length}`,
    );
  }
  return new Dataset(
    numbered<Samples>(
      size,
      undefined,
      (index) =>
        hold(() => ({
          x: tensor(numbers.subarray(index * stride, index * stride + length)),
          y: tensor(numbers.subarray(index * stride + 1, index * stride + length + 1)),
        })),
      (indices) =>
        hold(() => {
          const [x, y] = [0, 1].map((shift) => {
            const all = new Int32Array(indices.length * length);
            for (const [k, index] of indices.entries()) {
              const start = index * stride + shift;
              all.set(numbers.subarray(start, start + length), k * length);
            }
            return tensor(all, { shape: [indices.length, length] });
          });
          return { x, y };
        }),
    ),
  );
}
