// Models that translate: a target is written symbol by symbol, each given the source and what has been written so far.
import { knownOptions, notNegative, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { get } from "../ops/indexing.ts";
import { argmax } from "../ops/reduce.ts";
import { slice } from "../ops/slices.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { withRecording } from "../tensor/graph.ts";
import { formatShape } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { searchBeams } from "./beam-search.ts";
import { checkEnd } from "./generate.ts";

/** What `decode` takes beside the model and the sources. */
export interface DecodeOptions {
  /** The symbol that every target begins with. */
  start: number;
  /** The symbol that ends it. */
  end: number;
  /** The most symbols to write. */
  length: number;
  /** Beginnings that are followed at a time: see `beamSearch`. Default 1: each time the likeliest symbol. */
  beams?: number;
  /** As for `beamSearch`; default 0. */
  lengthPenalty?: number;
}

/**
 * Writes a target for each source, symbol by symbol, each time the likeliest, or the likeliest target that a search over `beams` finds: for models
 * of two inputs, source and target so far, such as `encoderDecoder` gives. Gives the symbols without start and end.
 * @throws RangeError for sources that are not [n, time], a model of other inputs, or numbers out of range; TypeError for an unknown option.
 * @example
 * ```ts
 * const model = encoderDecoder({ symbols: 6, units: 8, embedding: 4, seed: 1 });
 * decode(model, tensor([[3, 4], [5, 0]], "int32"), { start: 1, end: 2, length: 3 }).length; // 2
 * ```
 */
export function decode(model: Model, source: Tensor, options: DecodeOptions): number[][] {
  const owner = "decode";
  checkModel(owner, model);
  checkTensor(owner, source);
  knownOptions(owner, options, ["start", "end", "length", "beams", "lengthPenalty"]);
  const start = whole(owner, "start", options.start, 0);
  const end = whole(owner, "end", options.end, 0);
  const length = whole(owner, "length", options.length, 0);
  const beams = whole(owner, "beams", options.beams ?? 1, 1);
  const lengthPenalty = notNegative(owner, "lengthPenalty", options.lengthPenalty ?? 0);
  if (model.inputs.length !== 2) {
    const names = model.inputs.map(({ name }) => name);
    throw new RangeError(`${owner}: needs a model of two inputs, source and target, got one of ${quote(names)}`);
  }
  if (source.rank !== 2) {
    throw new RangeError(`${owner}: sources must be [n, time], got shape ${formatShape(source.shape)}`);
  }
  checkEnd(owner, model, end);
  if (beams > 1) {
    return Array.from({ length: source.shape[0] }, (_, i) =>
      searched(
        model,
        scope(() => slice(source, i, i + 1)),
        start,
        { length, beams, lengthPenalty, end },
      ),
    );
  }
  const targets = Array.from({ length: source.shape[0] }, () => [start]);
  const open = new Set(targets);
  for (let i = 0; i < length && open.size > 0; i++) {
    const next = scope(() =>
      withRecording(false, () => Array.from(argmax(behind(model, source, targets), -1).dataSync(), Number)),
    );
    targets.forEach((target, k) => {
      // A target that has ended is filled up; what stands there is cut off below.
      target.push(open.has(target) ? next[k] : end);
      if (next[k] === end) open.delete(target);
    });
  }
  return targets.map((target) => {
    const stop = target.indexOf(end, 1);
    return target.slice(1, stop < 0 ? undefined : stop);
  });
}

/** The logits behind the targets so far, [n, symbols]. */
function behind(model: Model, source: Tensor, targets: readonly (readonly number[])[]): Tensor {
  return get(model.logits([source, tensor(targets as number[][], "int32")]), ":", -1);
}

/** The likeliest target of one source, [1, time]. */
function searched(
  model: Model,
  source: Tensor,
  start: number,
  options: { length: number; beams: number; lengthPenalty: number; end: number },
): number[] {
  let targets = [[start]];
  const read = (): ArrayLike<number>[] =>
    scope(() =>
      withRecording(false, () => {
        const sources = broadcastTo(source, [targets.length, source.shape[1]]);
        const values = behind(model, sources, targets).dataSync() as Float32Array;
        const size = values.length / targets.length;
        return targets.map((_, i) => values.slice(i * size, (i + 1) * size));
      }),
    );
  const [best] = searchBeams(
    {
      begin: () => read()[0],
      next(parents, symbols) {
        targets = parents.map((parent, i) => [...targets[parent], symbols[i]]);
        return read();
      },
    },
    options,
  );
  return best === undefined ? [] : best.symbols;
}
