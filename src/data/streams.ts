// A long sequence as a few streams that a stateful model reads side by side, piece after piece: what truncated backpropagation with carried state needs.
import { fields, knownOptions, whole } from "../engine/checks.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Samples } from "./batches.ts";
import { Dataset } from "./dataset/dataset.ts";
import { hold } from "./dataset/held.ts";
import { numbered } from "./dataset/stage.ts";
import { wholeNumbers } from "./windows.ts";

/** How a sequence becomes streams. */
export interface StreamOptions {
  /** Streams that are read side by side: the rows of every batch, and the `batchSize` of the stateful layers. */
  readonly batchSize: number;
  /** Numbers of each stream in a batch: how far back gradients reach. */
  readonly length: number;
}

/**
 * A sequence of numbers cut into `batchSize` streams of equal length, which are read side by side: batches `{ x, y }`, both int32 [batchSize, length],
 * of which each row goes on where the same row of the batch before ended; y is what follows each number of x. For models whose
 * recurrent layers are `stateful`: the state goes on from batch to batch and gradients end at a batch's beginning, which is truncated backpropagation
 * through time (Williams and Peng 1990). `fit` begins every epoch with states of 0.
 *
 * The last batch holds what is left of the streams and may be shorter; only what is left of the sequence when it is shared out evenly, fewer numbers
 * than there are streams, is left out. A batch has the same rows in every epoch, so the dataset is not to be shuffled.
 * @param sequence the numbers, as `Vocabulary.encode` gives them; what is held of them is 4 bytes each.
 * @throws RangeError for numbers that are not whole, or a sequence that is too short for so many streams; TypeError for what holds no numbers, or an
 * unknown option.
 * @example
 * ```ts
 * const streams = textStreams([0, 1, 2, 3, 4, 5, 6, 7, 8], { batchSize: 2, length: 3 });
 * const [first, second] = await streams.toArray();
 * first.x.toArray(); // [[0, 1, 2], [4, 5, 6]]
 * first.y.toArray(); // [[1, 2, 3], [5, 6, 7]]
 * second.x.toArray(); // [[3], [7]]
 * ```
 */
export function textStreams(sequence: ArrayLike<number> | Tensor, options: StreamOptions): Dataset<Samples> {
  const owner = "textStreams";
  const numbers = wholeNumbers(owner, sequence);
  knownOptions(owner, fields(owner, "the options", options), ["batchSize", "length"]);
  const batchSize = whole(owner, "batchSize", options.batchSize, 1);
  const length = whole(owner, "length", options.length, 1);
  const row = Math.floor((numbers.length - 1) / batchSize);
  if (row < 1) {
    throw new RangeError(
      `${owner}: ${batchSize} stream${batchSize === 1 ? "" : "s"} of one number each, and the ones behind them, need ${batchSize + 1}, but the sequence has ${numbers.length}; take fewer streams, or a longer text`,
    );
  }
  const part = (index: number, shift: number): Tensor => {
    const start = index * length;
    const taken = Math.min(length, row - start);
    const all = new Int32Array(batchSize * taken);
    for (let k = 0; k < batchSize; k++) {
      const first = k * row + start + shift;
      all.set(numbers.subarray(first, first + taken), k * taken);
    }
    return tensor(all, { shape: [batchSize, taken] });
  };
  const batch = (index: number) => hold<Samples>(() => ({ x: part(index, 0), y: part(index, 1) }));
  return new Dataset(numbered<Samples>(Math.ceil(row / length), batchSize, batch));
}
