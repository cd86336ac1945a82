// The networks of section 6.2 trained as the book trains them, or in a short form on fewer images, and what experiments say of them.
import { network3, type Sequential } from "nabla";
import type { Both, Figure, OutcomeTable, RunContext } from "../../experiment.ts";
import { type DigitSet, first, type Mnist } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { curvesByEpoch, mean, percent, VALIDATION_ACCURACY } from "../curves.ts";
import { BOOK_NETWORKS, type BookNetwork, parametersOf } from "../programs/book-networks.ts";
import { ExpandedSet } from "../programs/translation.ts";
import { type SgdResult, sgd } from "./network3-sgd.ts";

/** A network of the book, or one beside them. */
export interface Variant extends Omit<BookNetwork, "activation"> {
  readonly activation: BookNetwork["activation"] | "tanh";
  readonly pooling?: "max" | "l2";
}

/** The network of the book's table. */
export function bookNetwork(name: string): BookNetwork {
  return BOOK_NETWORKS.find((network) => network.name === name)!;
}

/** What the quick form trains on: the first images of the training set, before they are expanded. */
export interface Quick {
  readonly images: number;
  readonly epochs: number;
}

export interface Trained {
  readonly variant: Variant;
  readonly seed: number;
  readonly model: Sequential;
  readonly result: SgdResult;
  /** Percent, at the best validation accuracy. */
  readonly test: number;
  readonly validation: number;
}

/** The network untrained. */
export function modelOf({ cp, full, activation, pDropout, pooling }: Variant, seed: number): Sequential {
  return network3({
    convolutions: cp.length as 0 | 1 | 2,
    hidden: full,
    activation,
    dropout: pDropout,
    ...(pooling !== undefined && { pooling }),
    seed,
  });
}

/** The training set of a variant: 50,000 images, or five times as many in an order that follows from the seed. */
function trainingOf(variant: Variant, all: DigitSet, images: number, seed: number): DigitSet | ExpandedSet {
  const set = first(all, images);
  if (variant.images <= 50_000) return set;
  return new ExpandedSet(set, new Random(seed).shuffle(Array.from({ length: 5 * set.count }, (_, i) => i)));
}

/** What the quick form looks at after every epoch, and what it tests on. */
const [QUICK_VALIDATION, QUICK_TEST] = [1000, 2000];

/** Trains a variant; the full form as the book does, and it goes on where it was interrupted. */
export async function train(context: RunContext, variant: Variant, seed: number, quick: Quick): Promise<Trained> {
  const data: Mnist = await context.mnist();
  const { name, epochs, eta, lmbda } = variant;
  const form = context.pick({ quick, full: { images: 50_000, epochs } });
  const sizes = context.pick({ quick: [QUICK_VALIDATION, QUICK_TEST], full: [10_000, 10_000] });
  context.log(`${name}, seed ${seed}: ${form.epochs} epochs`);
  const { model, ...result } = await sgd(
    modelOf(variant, seed),
    trainingOf(variant, data.training, form.images, seed),
    { epochs: form.epochs, miniBatchSize: 10, eta, lmbda },
    first(data.validation, sizes[0]),
    first(data.test, sizes[1]),
    {
      store: context.store,
      name: `${name.replaceAll(/[^\w.]+/g, "-")}-seed-${seed}`,
      print: (line) => {
        if (context.form === "full" && !line.startsWith("Training mini-batch")) context.log(line);
      },
    },
  );
  const { testAccuracy = Number.NaN, bestValidationAccuracy } = result;
  return { variant, seed, model, result, test: percent(testAccuracy), validation: percent(bestValidationAccuracy) };
}

/** Mean test accuracy in percent. */
export function meanTest(trained: readonly Trained[]): number {
  return Number(mean(trained.map(({ test }) => test)).toFixed(3));
}

/** Points by which one network is better than another, seed by seed. */
export function gain(of: readonly Trained[], over: readonly Trained[]): number {
  return Number((meanTest(of) - meanTest(over)).toFixed(3));
}

/** What came out, network by network. */
export function trainedTable(trained: readonly Trained[]): OutcomeTable {
  return {
    title: { en: "At the best validation accuracy", zh: "验证集准确率最高时" },
    columns: [
      { en: "network", zh: "网络" },
      { en: "seed", zh: "种子" },
      { en: "parameters", zh: "参数" },
      { en: "validation, %", zh: "验证集（%）" },
      { en: "test, %", zh: "测试集（%）" },
      { en: "the book's, %", zh: "书中（%）" },
      { en: "iteration", zh: "迭代" },
      { en: "seconds", zh: "秒" },
    ],
    rows: trained.map(({ variant, seed, result, test, validation }) => [
      variant.name,
      seed,
      parametersOf(variant).reduce((sum, count) => sum + count),
      validation,
      test,
      variant.reported ?? "",
      result.bestIteration,
      Math.round(result.seconds),
    ]),
  };
}

/** Validation accuracy by epoch, a line a network. */
export function validationFigure(title: Both, trained: readonly Trained[], from = 1, names?: readonly Both[]): Figure {
  return {
    name: "validation",
    chart: curvesByEpoch(
      title,
      trained.map(({ variant, result }, i) => ({
        name: names?.[i] ?? variant.name,
        epochs: result.validationAccuracies.map((_, epoch) => epoch + 1),
        values: result.validationAccuracies,
      })),
      { y: { label: VALIDATION_ACCURACY, format: "percent" }, from },
    ),
  };
}
