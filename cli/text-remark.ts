// What to say of a language model that has learnt nothing.
import type { Text } from "../src/plot/chart.ts";
import { lowerRate } from "../src/train/explosion.ts";
import { remarkOnExplosion } from "./run-remark.ts";
import { type TextConfig, type TextRecord, textOptimizerOf } from "./text-config.ts";

/** A learning rate to try where this one was too large. */
export function lowerTextRate(config: TextConfig): number {
  return lowerRate(textOptimizerOf(config));
}

/** A remark with a remedy, or null where the run needs none. Who guesses among n symbols has the perplexity n. */
export function remarkOnText(config: TextConfig, records: readonly TextRecord[]): Text | null {
  const last = records.at(-1);
  if (last === undefined) return null;
  const symbols = Array.from(config.characters).length;
  // Of one symbol all is known.
  if (symbols === 1) return null;
  const instead = lowerTextRate(config);
  const exploded = remarkOnExplosion(last, Math.log(symbols), { option: "--lr", value: config.lr, instead });
  if (exploded !== null || last.perplexity < symbols) return exploded;
  const perplexity = last.perplexity.toPrecision(3);
  return {
    en: `The network has learnt nothing: its perplexity on what it learns from is ${perplexity} after epoch ${last.epoch}, that of guessing among ${symbols} symbols is ${symbols}. Try another learning rate (it is ${config.lr}) or more epochs.`,
    zh: `网络什么也没学到：第 ${last.epoch} 轮后训练困惑度为 ${perplexity}，而在 ${symbols} 个符号中随机猜测是 ${symbols}。请尝试别的学习率（现为 ${config.lr}），或增加轮数。`,
  };
}
