// The order of an epoch's rows, where samples are tensors: drawn where the epoch begins, and again to the same bits from the state before that.
import { RowOrder } from "../data/row-order.ts";
import { Generator, type RandomState } from "../tensor/random.ts";

export class EpochOrder {
  readonly generator: Generator;
  /** The generator's state before the current epoch was shuffled. */
  before: RandomState;
  /** The current epoch's, once it has begun; its memory serves the next epoch. */
  private order: RowOrder | undefined;
  private started = false;

  constructor(
    private readonly owner: string,
    private readonly batchSize: number,
    private readonly shuffles: boolean,
    seed: number,
  ) {
    this.generator = new Generator(seed);
    this.before = this.generator.state();
  }

  /** The current epoch's order of so many rows, drawn where the epoch begins. */
  of(count: number): RowOrder {
    if (this.order !== undefined && this.started) return this.order;
    this.before = this.generator.state();
    const { owner, batchSize, shuffles, generator } = this;
    if (this.order === undefined) this.order = new RowOrder(owner, count, batchSize, shuffles ? generator : null);
    else this.order.draw();
    this.started = true;
    return this.order;
  }

  /** The next epoch begins from the generator as it is. */
  end(): void {
    this.started = false;
    this.before = this.generator.state();
  }

  /** Its memory is of no use any more. */
  forget(): void {
    this.order = undefined;
  }
}
