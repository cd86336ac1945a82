// Batch normalisation over a batch that several ranks share: statistics and the sums of the gradient are those of all shares, so that each rank
// computes for its rows what one process would have computed for the whole batch.
import { engine } from "../engine/engine.ts";
import type { Group } from "../engine/group.ts";
import { callAgain, outsideRecording } from "../engine/recording.ts";
import { zeros } from "../tensor/create.ts";
import { isRecording, record } from "../tensor/graph.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { empty, keep, packed, scope, type Tensor, windowOf } from "../tensor/tensor.ts";
import { add, div, mul, square, sub } from "./arithmetic.ts";
import { broadcastTo } from "./broadcast.ts";
import { rsqrt } from "./exponentials.ts";
import { type BatchNormResult, channelSum } from "./normalisation.ts";
import { clone, reshape } from "./views.ts";

/** One number a channel (axis 1), at every place of a shape. */
const along = (values: Tensor, shape: Shape): Tensor =>
  broadcastTo(reshape(values, [-1, ...shape.slice(2).map(() => 1)]), shape);

/** Memory through which a layer's sums go round: outside of every step, so that a recorded step finds it again. */
export class SharedSums {
  private readonly row: Tensor;

  constructor(
    private readonly channels: number,
    dtype: "float32" | "float64",
  ) {
    this.row = outsideRecording(() => keep(scope(() => zeros([2 * channels + 1], dtype))));
  }

  /** The sums of one or two rows [channels], and of a number, over all ranks. */
  of(group: Group, what: string, first: Tensor, second: Tensor | null, count = 0): [Tensor, Tensor, Tensor] {
    const { row, channels } = this;
    const part = (at: number, shape: number[]): Tensor => windowOf(row, shape, row.offset + at, null);
    const [a, b, n] = [part(0, [channels]), part(channels, [channels]), part(2 * channels, [])];
    engine().copy(packed(first), a);
    if (second === null) engine().fill(b, 0);
    else engine().copy(packed(second), b);
    engine().fill(n, count);
    callAgain(() => {
      group.startSum(row);
      group.finish(what);
    });
    return [clone(a), clone(b), clone(n)];
  }
}

/**
 * `batchNorm` of this rank's rows with the mean and variance of all ranks' rows. x [rows, channels, ...], of channels axis 1; gamma and beta
 * [channels]. Gradients: by x gamma / sqrt(variance + epsilon) (dy - mean(dy) - z mean(dy z)) with means over all ranks' rows; by gamma and beta the
 * sums over this rank's rows, which the exchange of gradients adds up.
 */
export function batchNormTogether(
  group: Group,
  sums: SharedSums,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  epsilon: number,
): BatchNormResult {
  const { shape } = x;
  const [outer, channels, inner] = [shape[0], shape[1], sizeOf(shape.slice(2))];
  const what = "the statistics of batch normalisation";
  const [total, , count] = sums.of(group, what, channelSum(x, 1), null, outer * inner);
  const mean = div(total, count);
  const [squares] = sums.of(group, what, channelSum(square(sub(x, along(mean, shape))), 1), null);
  const variance = div(squares, count);
  const inverse = rsqrt(add(variance, epsilon));
  const y = empty("batchNorm", shape, x.dtype);
  const scale = mul(gamma, inverse);
  engine().kernel("channelAffine", x.dtype, packed(x), mean, packed(scale), packed(beta), y, outer, channels, inner);
  const result = { y, mean, variance };
  if (!isRecording() || [x, gamma, beta].every(({ node }) => node === null)) return result;
  record("batchNorm", y, [x, gamma, beta], (dy) => {
    const z = mul(sub(x, along(mean, shape)), along(inverse, shape));
    const own = channelSum(dy, 1);
    const ownZ = channelSum(mul(dy, z), 1);
    const [all, allZ] = sums.of(group, what, own, ownZ);
    const centred = sub(dy, along(div(all, count), shape));
    const dx = mul(along(scale, shape), sub(centred, mul(z, along(div(allZ, count), shape))));
    return [x.node ? dx : undefined, ownZ, own];
  });
  y.node!.firstOrderOnly = "normalise each rank's rows by themselves";
  return result;
}
