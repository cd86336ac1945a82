// Columns brought to one scale by what the training data are like, and back again. What was learnt is saved with the model, so that new data are scaled
// as the training data were.
import { fields, finite, knownOptions, list, whole } from "../engine/checks.ts";
import { type DType, isFloat } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { cast } from "../ops/cast.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { packed, scope, type Tensor } from "../tensor/tensor.ts";

/** What scalers count of every column, in one pass that may come in parts. */
class ColumnStatistics {
  rows = 0;
  shape: Shape | undefined;
  mean: Float64Array = new Float64Array(0);
  /** Sum of squared distances from the mean. */
  squares: Float64Array = new Float64Array(0);
  least: Float64Array = new Float64Array(0);
  most: Float64Array = new Float64Array(0);

  /** Adds rows; mean and squares as in Welford's method (Technometrics 4, 1962). */
  add(owner: string, x: Tensor): void {
    const shape = x.shape.slice(1);
    const count = sizeOf(shape);
    if (this.shape === undefined) {
      this.shape = shape;
      this.mean = new Float64Array(count);
      this.squares = new Float64Array(count);
      this.least = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
      this.most = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    }
    const values = packed(x).dataSync();
    const rows = x.shape[0];
    const bad = values.findIndex((value: number) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new RangeError(
        `${owner}: column ${bad % count} holds ${values[bad]} in row ${Math.floor(bad / count)} (both counted from 0); take out or replace what is not finite first`,
      );
    }
    const { mean, squares, least, most } = this;
    for (let row = 0, at = 0; row < rows; row++) {
      this.rows += 1;
      for (let k = 0; k < count; k++, at++) {
        const value = values[at];
        const distance = value - mean[k];
        mean[k] += distance / this.rows;
        squares[k] += distance * (value - mean[k]);
        if (value < least[k]) least[k] = value;
        if (value > most[k]) most[k] = value;
      }
    }
  }
}

/** A scaler as JSON. */
export interface ScalerConfig {
  readonly type: "standard" | "minMax";
  /** Shape of a row. */
  readonly shape: readonly number[];
  /** Subtracted from each column. */
  readonly offset: readonly number[];
  /** What each column is divided by then; 1 for a constant one. */
  readonly scale: readonly number[];
  /** Where the columns' least and greatest values go (minMax). */
  readonly range?: readonly [number, number];
}

/** What both scalers have: y = (x - offset) / scale, column by column, then what the range says. */
abstract class Scaler {
  private statistics = new ColumnStatistics();
  private learnt: { shape: Shape; offset: Float64Array; scale: Float64Array } | undefined;

  /** What errors name. */
  protected abstract readonly owner: string;
  protected abstract readonly type: ScalerConfig["type"];
  protected readonly range: readonly [number, number] = [0, 1];

  /**
   * @internal
   */
  protected abstract offsetAndScale(statistics: ColumnStatistics): { offset: Float64Array; scale: Float64Array };

  /**
   * Learns from rows [n, ...columns], and forgets what was learnt before. Returns itself.
   * @throws RangeError if there are no rows, or a value is NaN or infinite.
   */
  fit(x: Tensor): this {
    this.check("fit", x);
    this.statistics = new ColumnStatistics();
    this.learnt = undefined;
    return this.add("fit", x);
  }

  /**
   * Learns from further rows, so that data may come in parts: `await data.forEach(({ x }) => { scaler.update(x); })`. Returns itself.
   * @throws RangeError if there are no rows, they have other columns, or a value is NaN or infinite.
   */
  update(x: Tensor): this {
    this.check("update", x);
    const { shape } = this.statistics;
    if (shape !== undefined) this.checkColumns("update", x, shape);
    else if (this.learnt !== undefined) {
      throw new Error(
        `${this.owner}.update: a scaler from a configuration does not know how many rows it has seen; call fit`,
      );
    }
    return this.add("update", x);
  }

  private add(method: string, x: Tensor): this {
    this.statistics.add(`${this.owner}.${method}`, x);
    this.learnt = { shape: this.statistics.shape!, ...this.offsetAndScale(this.statistics) };
    return this;
  }

  /**
   * Rows [n, ...columns] scaled; float64 stays so, everything else becomes float32.
   * @throws Error if nothing was learnt; RangeError if the columns are others.
   */
  transform(x: Tensor): Tensor {
    const { offset, scale } = this.ready("transform", x);
    const [low, high] = this.range;
    return this.compute(x, (values) =>
      values
        .sub(offset())
        .div(scale())
        .mul(high - low)
        .add(low),
    );
  }

  /**
   * Scaled rows as they were before.
   * @throws Error if nothing was learnt; RangeError if the columns are others.
   */
  inverse(x: Tensor): Tensor {
    const { offset, scale } = this.ready("inverse", x);
    const [low, high] = this.range;
    return this.compute(x, (values) =>
      values
        .sub(low)
        .div(high - low)
        .mul(scale())
        .add(offset()),
    );
  }

  /**
   * What was learnt, as JSON: goes into a model's metadata, `saveModel(model, { scaler: JSON.stringify(scaler.config()) })`.
   * @throws Error if nothing was learnt.
   */
  config(): ScalerConfig {
    const { shape, offset, scale } = this.known("config");
    const learnt = { shape: [...shape], offset: [...offset], scale: [...scale] };
    return this.type === "standard"
      ? { type: this.type, ...learnt }
      : { type: this.type, ...learnt, range: this.range };
  }

  /**
   * Takes over what was learnt before.
   * @internal
   */
  adopt({ shape, offset, scale }: ScalerConfig): this {
    this.learnt = { shape: [...shape], offset: Float64Array.from(offset), scale: Float64Array.from(scale) };
    return this;
  }

  private check(method: string, x: Tensor): void {
    checkTensor(`${this.owner}.${method}`, x);
    if (x.rank < 2 || x.size === 0) {
      throw new RangeError(`${this.owner}.${method}: needs rows, [n, columns], got shape ${formatShape(x.shape)}`);
    }
  }

  private checkColumns(method: string, x: Tensor, shape: Shape): void {
    if (formatShape(x.shape.slice(1)) === formatShape(shape)) return;
    throw new RangeError(
      `${this.owner}.${method}: rows of shape ${formatShape(shape)} were learnt from, got ${formatShape(x.shape.slice(1))}`,
    );
  }

  private known(method: string): NonNullable<Scaler["learnt"]> {
    if (this.learnt === undefined) throw new Error(`${this.owner}.${method}: nothing was learnt yet; call fit first`);
    return this.learnt;
  }

  private ready(method: string, x: Tensor): { offset: () => Tensor; scale: () => Tensor } {
    const { shape, offset, scale } = this.known(method);
    this.check(method, x);
    this.checkColumns(method, x, shape);
    return { offset: () => tensor(offset, { shape }), scale: () => tensor(scale, { shape }) };
  }

  /** In float64: offsets may be large beside the differences that matter. */
  private compute(x: Tensor, body: (values: Tensor) => Tensor): Tensor {
    const dtype: DType = isFloat(x.dtype) ? x.dtype : "float32";
    return scope(() => cast(body(cast(x, "float64")), dtype));
  }
}

/**
 * Brings every column to mean 0 and standard deviation 1: y = (x - mean) / deviation, the deviation over n. A constant column becomes 0.
 * @example
 * ```ts
 * const x = tensor([[1, 5], [3, 5]]);
 * const scaler = new StandardScaler().fit(x);
 * scaler.transform(x).toArray(); // [[-1, 0], [1, 0]]
 * scaler.inverse(tensor([[0, 0]])).toArray(); // [[2, 5]]
 * ```
 */
export class StandardScaler extends Scaler {
  protected override readonly owner: string = "StandardScaler";
  protected override readonly type = "standard";

  protected override offsetAndScale({ mean, squares, least, most, rows }: ColumnStatistics): {
    offset: Float64Array;
    scale: Float64Array;
  } {
    // A mean that is rounded must not make a constant column one that varies.
    const constant = (k: number): boolean => least[k] === most[k] || squares[k] === 0;
    return {
      offset: mean.map((value, k) => (least[k] === most[k] ? least[k] : value)),
      scale: squares.map((sum, k) => (constant(k) ? 1 : Math.sqrt(sum / rows))),
    };
  }
}

/** Where a `MinMaxScaler` brings the columns. */
export interface MinMaxOptions {
  /** Least and greatest value; default [0, 1]. */
  readonly range?: readonly [low: number, high: number];
}

/**
 * Brings every column to a range: y = (x - least) / (greatest - least), from 0 to 1, or into another range. A constant column becomes the range's
 * lower end, 0.
 * @throws RangeError for a range whose ends are not finite or do not ascend.
 * @example
 * ```ts
 * const x = tensor([[1, 5], [3, 5], [5, 5]]);
 * new MinMaxScaler().fit(x).transform(x).toArray(); // [[0, 0], [0.5, 0], [1, 0]]
 * ```
 */
export class MinMaxScaler extends Scaler {
  protected override readonly owner: string = "MinMaxScaler";
  protected override readonly type = "minMax";
  protected override readonly range: readonly [number, number];

  constructor(options: MinMaxOptions = {}) {
    super();
    const { range = [0, 1] } = knownOptions("MinMaxScaler", options, ["range"]);
    this.range = checkRange("MinMaxScaler", range);
  }

  protected override offsetAndScale({ least, most }: ColumnStatistics): { offset: Float64Array; scale: Float64Array } {
    return { offset: least.slice(), scale: most.map((value, k) => value - least[k] || 1) };
  }
}

function checkRange(owner: string, range: readonly [number, number]): readonly [number, number] {
  list(owner, "range", range);
  const [low, high] = range;
  finite(owner, "the range's lower end", low);
  finite(owner, "the range's upper end", high);
  if (range.length !== 2 || low >= high) {
    throw new RangeError(`${owner}: a range is [low, high] with low below high, got ${quote(range)}`);
  }
  return [low, high];
}

/**
 * The scaler that a configuration is of, as `config()` gave it.
 * @throws TypeError, RangeError for what is none.
 * @example
 * ```ts
 * const scaler = new StandardScaler().fit(tensor([[1], [3]]));
 * const model = new Sequential([new Dense(1)], { inputShape: [1] });
 * const bytes = saveModel(model, { scaler: JSON.stringify(scaler.config()) });
 * const again = scalerFromConfig(JSON.parse(readSafetensors(bytes).metadata["scaler"]));
 * again.transform(tensor([[5]])).toArray(); // [[3]]
 * ```
 */
export function scalerFromConfig(config: ScalerConfig): StandardScaler | MinMaxScaler {
  const owner = "scalerFromConfig";
  const { type, shape, offset, scale, range } = fields(owner, "the configuration", config);
  for (const size of list(owner, "shape", shape)) whole(owner, "a size in shape", size, 1);
  for (const [name, values] of Object.entries({ offset, scale })) {
    if (list(owner, name, values).length !== sizeOf(shape)) {
      throw new RangeError(`${owner}: ${name} holds ${values.length} numbers for rows of shape ${formatShape(shape)}`);
    }
    for (const value of values) finite(owner, `a number in ${name}`, value);
  }
  if (scale.includes(0)) throw new RangeError(`${owner}: a number in scale is 0`);
  if (type === "standard") return new StandardScaler().adopt(config);
  if (type === "minMax") return new MinMaxScaler({ range: range ?? [0, 1] }).adopt(config);
  throw new TypeError(`${owner}: type must be "standard" or "minMax", got ${quote(type)}`);
}
