// A function as a layer, for models that are not saved.
import { callable, flag, knownOptions } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { zeros } from "../../tensor/create.ts";
import { withRecording } from "../../tensor/graph.ts";
import { Generator } from "../../tensor/random.ts";
import { scope, Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { checkOpenShape, type OpenShape } from "../shapes.ts";

/** What a function as a layer takes. */
export interface LambdaOptions extends LayerOptions {
  /** Shape of an output without the batch axis; default: the function is tried on zeros. */
  outputShape?: OpenShape;
  /** That the function depends on its input and the context alone, so that steps may be recorded and replayed: see `Layer.repeatable`. Default false. */
  repeatable?: boolean;
}

/**
 * A function from a batch to a batch as a layer: y = f(x). It has no parameters, and it can't be saved: a function is no configuration. Write a layer
 * class (`Layer`, `registerLayer`) for what is to be kept.
 * @param f takes x [n, ...] and the context of the call, and returns [n, ...] with the same n.
 * @throws TypeError if f is no function, or returns no tensor; Error when a model with it is saved.
 * @example
 * ```ts
 * const model = new Sequential([new Lambda((x) => x.square().sum(1, true))], { inputShape: [3] });
 * model.outputShape; // [1]
 * model.call(tensor([[1, 2, 3]])).toArray(); // [[14]]
 * ```
 */
export class Lambda extends Layer {
  readonly type = "lambda";
  private readonly declared: OpenShape | undefined;
  private readonly repeats: boolean;

  constructor(
    private readonly f: (x: Tensor, context: CallContext) => Tensor,
    options: LambdaOptions = {},
  ) {
    super(options);
    callable("Lambda", "the first argument", f);
    knownOptions("Lambda", options, ["outputShape", "repeatable", ...LAYER_OPTIONS]);
    this.declared = options.outputShape === undefined ? undefined : checkOpenShape("Lambda", options.outputShape);
    this.repeats = flag("Lambda", "repeatable", options.repeatable ?? false);
  }

  override get isRepeatable(): boolean {
    return this.repeats;
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    if (this.declared !== undefined) return this.declared;
    // Lengths of the output that change with open ones of the input are open, too.
    const [some, others] = inputShape.includes(null) ? [3, 5] : [1, 1];
    const first = this.tried(inputShape, some);
    if (some === others) return first;
    const second = this.tried(inputShape, others);
    return first.map((length, axis) => (length === second[axis] ? length : null));
  }

  /** The shape that it makes of zeros with that length for open ones. */
  private tried(inputShape: OpenShape, open: number): readonly number[] {
    const samples = 2;
    const context = { training: false, generator: new Generator(0) };
    return withRecording(false, () =>
      scope(() => {
        const y = this.call(zeros([samples, ...inputShape.map((length) => length ?? open)]), context);
        if (y.rank > 0 && y.shape[0] === samples) return y.shape.slice(1);
        throw new RangeError(
          `${this.name}: its function made shape ${quote(y.shape)} of ${samples} samples; the first axis of the result must be the batch's`,
        );
      }),
    );
  }

  call(x: Tensor, context: CallContext): Tensor {
    const y: unknown = this.f(x, context);
    if (y instanceof Tensor) return y;
    throw new TypeError(`${this.name}: its function must return a tensor, got ${quote(y)}`);
  }

  config(): LayerConfig {
    throw new Error(
      `${this.name}: a function can't be saved, nor can a model with it; write a layer class of your own (extends Layer) and make it known with registerLayer`,
    );
  }
}
