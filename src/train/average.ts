// The exponential moving average of a model's parameters: smoother than the last ones, and often better (Polyak & Juditsky 1992; Tarvainen & Valpola
// 2017).
import { engine } from "../engine/engine.ts";
import type { ParameterBlock } from "../nn/parameters.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";
import { withRecording } from "../tensor/graph.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";

/** The average of a block, and its exchange with the parameters themselves. */
export class ParameterAverage {
  /** [block size]. While exchanged, it holds the parameters themselves. */
  readonly values: Tensor;
  private exchanged = false;

  /** It begins as the parameters are. */
  constructor(
    private readonly block: ParameterBlock,
    private readonly decay: number,
  ) {
    this.values = keep(scope(() => block.values.clone()));
  }

  /** After an optimiser's step: a <- a + (1 - decay) (p - a). */
  update(): void {
    const { block, values, decay } = this;
    scope(() =>
      withRecording(false, () => {
        engine().copy(add(values, mul(sub(block.values, values), 1 - decay)), values);
      }),
    );
  }

  /** Whether the parameters are the averages at the moment. */
  get inUse(): boolean {
    return this.exchanged;
  }

  /** The parameters become the averages, or again what they were. */
  exchange(): void {
    const { block, values } = this;
    scope(() => {
      const before = block.values.clone();
      engine().copy(values, block.values);
      engine().copy(before, values);
    });
    block.values.storage.version += 1;
    this.exchanged = !this.exchanged;
  }

  /** Calls a function while the parameters are the averages. */
  during<R>(body: () => R): R {
    this.exchange();
    let result: R;
    try {
      result = body();
    } catch (error) {
      this.exchange();
      throw error;
    }
    if (!(result instanceof Promise)) {
      this.exchange();
      return result;
    }
    return result.finally(() => this.exchange()) as R;
  }

  /** The parameters become the averages for good. */
  use(): void {
    const { block, values } = this;
    engine().copy(values, block.values);
    block.values.storage.version += 1;
  }
}
