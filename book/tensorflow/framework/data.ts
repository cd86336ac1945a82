// The textbook's data pipeline: MNIST as it is stored, pixels to [-1, 1], labels to one-hot rows, batches of 512 in the order of the file.
import { EpochOrder, type ImageSet, keep, oneHot, type Samples, scope, type Tensor, tensor } from "nabla";
import type { Mnist } from "../../mnist.ts";

export const BATCH = 512;
export const CLASSES = 10;

/** Images [n, 28, 28] and labels [n], as `datasets.mnist.load_data()` gives them: bytes and class numbers. */
export interface Loaded {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** x = 2 x / 255 - 1: bytes 0 to 255 become numbers from -1 to 1. */
export function scale(x: Tensor): Tensor {
  return x.mul(2).div(255).sub(1);
}

/** The first `count` images of a set (all by default): x float32 [n, 28, 28] in [-1, 1], y int32 [n]. */
export function load(set: ImageSet, count = set.count): Loaded {
  const pixels = set.height * set.width;
  return keep(
    scope(() => ({
      x: scale(
        tensor(set.images.subarray(0, count * pixels), { dtype: "float32", shape: [count, set.height, set.width] }),
      ),
      y: tensor(Int32Array.from(set.labels.subarray(0, count)), { shape: [count] }),
    })),
  );
}

/** Training and test images; `count` limits the former. */
export function loadData({ bytes }: Mnist, count?: number, testCount?: number): { train: Loaded; test: Loaded } {
  return { train: load(bytes.train, count), test: load(bytes.test, testCount) };
}

/** `Dataset.from_tensor_slices((x, y)).batch(512)` with one-hot labels: views, the last batch may be short. */
export function* batches({ x, y }: Loaded, size = BATCH): Generator<Samples> {
  const order = new EpochOrder({ x, y: keep(scope(() => oneHot(y, CLASSES))) }, size, null);
  for (let i = 0; i < order.batches; i++) yield order.batch(i);
}

/** For `fit` and `evaluate`: images in rows of 784, labels as class numbers. */
export function inRows({ x, y }: Loaded): Samples {
  return { x: x.reshape([x.shape[0], -1]), y };
}
