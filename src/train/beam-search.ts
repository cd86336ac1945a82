// The likeliest continuation, as far as a search over a few beginnings at a time finds it: greedy choice keeps one, and may give away what comes later.
import { knownOptions, notNegative, whole } from "../engine/checks.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { checkBeginning, checkEnd, checkLanguageModel } from "./generate.ts";
import { Stepper } from "./stepper.ts";

/** A continuation that the search has found. */
export interface Continuation {
  /** The new symbols, without the end. */
  readonly symbols: number[];
  /** log P of the symbols, and of the end where it was reached, given the beginning. */
  readonly logProbability: number;
  /** Whether the end was reached. */
  readonly ended: boolean;
}

/** How a beam search goes about it. */
export interface BeamOptions {
  /** The most symbols to write. */
  length: number;
  /** Beginnings that are followed at a time; default 4. 1 is greedy. */
  beams?: number;
  /** The symbol that ends a continuation; default: none. */
  end?: number;
  /**
   * a from 0 on: continuations are ranked by log P / (number of symbols)^a, so that long ones are not at a disadvantage. Default 0: by log P alone.
   */
  lengthPenalty?: number;
}

interface Branch {
  readonly symbols: readonly number[];
  readonly logProbability: number;
}

/** What a search asks: the logits behind each of the beginnings that it follows. */
export interface BeamReader {
  begin(): ArrayLike<number>;
  /** Goes on with the beginnings `parents` of those before, each with one more symbol. */
  next(parents: readonly number[], symbols: readonly number[]): readonly ArrayLike<number>[];
}

/** log softmax, in double precision. */
function logShares(logits: ArrayLike<number>): Float64Array {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) highest = Math.max(highest, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - highest);
  const shift = highest + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - shift);
}

/** The search itself: the best continuations, best first, at most `beams` of them. */
export function searchBeams(
  reader: BeamReader,
  options: Required<Omit<BeamOptions, "end">> & { end?: number },
): Continuation[] {
  const { length, beams, end, lengthPenalty } = options;
  const score = ({ symbols, logProbability }: Branch, more = 0): number =>
    logProbability / Math.max(1, symbols.length + more) ** lengthPenalty;
  const ended: Branch[] = [];
  let open: Branch[] = [{ symbols: [], logProbability: 0 }];
  let logits: readonly ArrayLike<number>[] = length > 0 ? [reader.begin()] : [];
  for (let step = 0; step < length && open.length > 0; step++) {
    const found: { parent: number; symbol: number; logProbability: number }[] = [];
    open.forEach((branch, parent) => {
      logShares(logits[parent]).forEach((share, symbol) => {
        if (share > Number.NEGATIVE_INFINITY) {
          found.push({ parent, symbol, logProbability: branch.logProbability + share });
        }
      });
    });
    found.sort((a, b) => b.logProbability - a.logProbability || a.parent - b.parent || a.symbol - b.symbol);
    const next: Branch[] = [];
    const parents: number[] = [];
    // Those that end take no place of those that go on.
    for (const { parent, symbol, logProbability } of found.slice(0, 2 * beams)) {
      const { symbols } = open[parent];
      if (symbol === end) ended.push({ symbols, logProbability });
      else if (next.length < beams) {
        next.push({ symbols: [...symbols, symbol], logProbability });
        parents.push(parent);
      }
    }
    open = next;
    // log P only falls: nothing that is open can still get among the best that have ended.
    if (lengthPenalty === 0 && ended.length >= beams) {
      const worst = ended.map(({ logProbability }) => logProbability).sort((a, b) => b - a)[beams - 1];
      if (open.every(({ logProbability }) => logProbability <= worst)) break;
    }
    if (step < length - 1 && open.length > 0)
      logits = reader.next(
        parents,
        open.map(({ symbols }) => symbols.at(-1)!),
      );
  }
  const all = [
    ...ended.map((branch) => ({ branch, ended: true, score: score(branch, 1) })),
    ...open.map((branch) => ({ branch, ended: false, score: score(branch) })),
  ];
  all.sort((a, b) => b.score - a.score);
  return all.slice(0, beams).map(({ branch, ended: reached }) => ({
    symbols: [...branch.symbols],
    logProbability: branch.logProbability,
    ended: reached,
  }));
}

/** The options with their defaults. @throws RangeError for numbers out of range. */
export function beamOptions(
  owner: string,
  options: BeamOptions,
): Required<Omit<BeamOptions, "end">> & { end?: number } {
  return {
    length: whole(owner, "length", options.length, 0),
    beams: whole(owner, "beams", options.beams ?? 4, 1),
    lengthPenalty: notNegative(owner, "lengthPenalty", options.lengthPenalty ?? 0),
    ...(options.end !== undefined && { end: whole(owner, "end", options.end, 0) }),
  };
}

/**
 * The likeliest continuations of a beginning that a search over `beams` of them at a time finds, best first: a language model from [n, time] int32 to
 * [n, time, symbols] is asked what may come next behind each, and the likeliest of all that gives are followed. It draws nothing: equal
 * models give equal continuations. Memory and time grow with `beams`.
 * @throws RangeError for a beginning without symbols, numbers out of range, or a model of other shapes; TypeError for what is no model, or an
 * unknown option.
 * @example
 * ```ts
 * const model = characterLSTM({ symbols: 5, seed: 1 });
 * const [best, second] = beamSearch(model, [1, 2], { length: 4, beams: 3 });
 * best.symbols.length; // 4
 * best.logProbability >= second.logProbability; // true
 * ```
 */
export function beamSearch(model: Model, beginning: readonly number[], options: BeamOptions): Continuation[] {
  const owner = "beamSearch";
  checkModel(owner, model);
  knownOptions(owner, options, ["length", "beams", "end", "lengthPenalty"]);
  checkLanguageModel(owner, model);
  const known = beamOptions(owner, options);
  if (known.end !== undefined) checkEnd(owner, model, known.end);
  checkBeginning(owner, beginning);
  const stepper = new Stepper(model, undefined);
  return searchBeams(
    {
      begin: () => stepper.begin([beginning])[0],
      next(parents, symbols) {
        stepper.select(parents);
        return stepper.next(symbols);
      },
    },
    known,
  );
}
