// Several models that answer together: by votes or by the mean of their probabilities, and where they disagree.
import { checkSamples, type Samples } from "../data/batches.ts";
import { knownOptions, list, oneOf, whole } from "../engine/checks.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { classesFor } from "./inputs.ts";
import { largestOf, type Mistake, type MistakesOptions, probabilitiesOf, sharesOf } from "./mistakes.ts";

/** What `ensemble` takes. */
export interface EnsembleOptions {
  /** "vote" (default): the class that most models answer; among classes with equally many votes, the one of the largest mean probability. "mean": the class of the largest mean probability. */
  by?: "vote" | "mean";
}

/** What an ensemble answers. */
export interface EnsembleAnswers {
  /** The class that it answers, for each sample. */
  answers: number[];
  /** What each model answers: [model][sample]. */
  models: number[][];
  /** The mean of the models' probabilities, [n, classes]. */
  probabilities: Tensor;
  /** Which share of the models answers as the ensemble does, for each sample. */
  agreement: number[];
}

/**
 * The answers of several models together. By vote the class that most of them answer, as Nielsen's chapter 6 lets five networks vote; by mean the class of
 * the largest mean probability.
 * @throws TypeError, RangeError for no models, or models of different numbers of classes.
 * @example
 * ```ts
 * const one = (w: number) =>
 *   new Sequential([new Dense(2, { weights: () => tensor([[w, -w]]), activation: "softmax" })], { inputShape: [1] });
 * const models = [one(1), one(1), one(-9)];
 * ensemble(models, tensor([[1]])).answers; // [0]
 * ensemble(models, tensor([[1]]), { by: "mean" }).agreement; // [0.6666666666666666]
 * ```
 */
export function ensemble(models: readonly Model[], x: Tensor, options: EnsembleOptions = {}): EnsembleAnswers {
  const owner = "ensemble";
  if (list(owner, "models", models).length === 0) throw new RangeError(`${owner}: needs at least one model`);
  for (const model of models) checkModel(owner, model);
  knownOptions(owner, options, ["by"]);
  const by = oneOf(owner, "by", options.by ?? "vote", ["vote", "mean"] as const);
  return scope(() => {
    const shares = models.map((model) => sharesOf(owner, probabilitiesOf(owner, model, x)));
    const classes = shares[0][0].length;
    const odd = shares.findIndex((rows) => rows[0].length !== classes);
    if (odd >= 0) {
      throw new RangeError(
        `${owner}: model 0 tells ${classes} classes and model ${odd} tells ${shares[odd][0].length}; they must tell the same`,
      );
    }
    const given = shares.map((rows) => rows.map(largestOf));
    const mean = shares[0].map((_, i) =>
      Array.from({ length: classes }, (__, c) => shares.reduce((sum, rows) => sum + rows[i][c], 0) / models.length),
    );
    const answers = mean.map((probabilities, i) => {
      if (by === "mean") return largestOf(probabilities);
      const votes = new Array<number>(classes).fill(0);
      for (const row of given) votes[row[i]] += 1;
      const most = Math.max(...votes);
      return largestOf(probabilities.map((p, c) => (votes[c] === most ? p : -1)));
    });
    return {
      ...{ answers, models: given },
      probabilities: tensor(mean),
      agreement: answers.map((answer, i) => given.filter((row) => row[i] === answer).length / models.length),
    };
  });
}

/** A sample that an ensemble answers wrong. */
export interface EnsembleMistake extends Mistake {
  /** What each model answers. */
  answers: number[];
  /** Which share of the models answers as the ensemble does. */
  agreement: number;
}

/** What `ensembleMistakes` takes. */
export interface EnsembleMistakesOptions extends EnsembleOptions, MistakesOptions {}

/** What `ensembleMistakes` gives. */
export interface EnsembleErrors {
  /** The samples that the ensemble answers wrong. */
  mistakes: EnsembleMistake[];
  /** How many samples each model answers wrong. */
  wrongByModel: number[];
  /** Samples that all models answer wrong: no vote can help. */
  wrongByAll: number[];
  /** Samples that at least two models answer differently. */
  disagreements: number[];
}

/**
 * The samples that several models together answer wrong, with each model's answer: of Nielsen's five networks 33 of 10,000. `confidence` and
 * `probabilities` are those of the mean over the models.
 * @throws as `ensemble`, and as `mistakes`.
 * @example
 * ```ts
 * const one = (w: number) =>
 *   new Sequential([new Dense(2, { weights: () => tensor([[w, -w]]), activation: "softmax" })], { inputShape: [1] });
 * const data = { x: tensor([[1], [-1]]), y: tensor([1, 1], "int32") };
 * const { mistakes: wrong, wrongByModel, disagreements } = ensembleMistakes([one(1), one(2), one(-1)], data);
 * [wrong.map(({ index }) => index), wrongByModel, disagreements]; // [[0], [1, 1, 1], [0, 1]]
 * ```
 */
export function ensembleMistakes(
  models: readonly Model[],
  data: Samples,
  options: EnsembleMistakesOptions = {},
): EnsembleErrors {
  const owner = "ensembleMistakes";
  knownOptions(owner, options, ["by", "order", "most"]);
  const n = checkSamples(owner, data);
  const { by, ...rest } = options;
  return scope(() => {
    const together = ensemble(models, data.x, by === undefined ? {} : { by });
    const classes = together.probabilities.shape[1];
    const labels = classesFor(owner, "y", data.y, n, classes);
    const most = rest.most === undefined ? n : whole(owner, "most", rest.most, 0);
    // The vote may be another class than the mean's largest: what is asked of the mean is the order and the probabilities.
    const rows = sharesOf(owner, together.probabilities);
    const wrong: EnsembleMistake[] = [];
    together.answers.forEach((answer, index) => {
      const label = labels[index];
      if (answer === label) return;
      const probabilities = rows[index];
      const loss = -Math.log(Math.max(probabilities[label], 1e-12));
      const answers = together.models.map((row) => row[index]);
      const agreement = together.agreement[index];
      wrong.push({ index, label, answer, confidence: probabilities[answer], probabilities, loss, answers, agreement });
    });
    const order = oneOf(owner, "order", rest.order ?? "loss", ["loss", "confidence", "index"] as const);
    if (order !== "index") wrong.sort((a, b) => b[order] - a[order] || a.index - b.index);
    const all = Array.from({ length: n }, (_, i) => i);
    return {
      mistakes: wrong.slice(0, most),
      wrongByModel: together.models.map((row) => row.filter((answer, i) => answer !== labels[i]).length),
      wrongByAll: all.filter((i) => together.models.every((row) => row[i] !== labels[i])),
      disagreements: all.filter((i) => together.models.some((row) => row[i] !== together.models[0][i])),
    };
  });
}
