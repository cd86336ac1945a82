// What to say of a run that ended without an error and has learnt nothing.
import type { Text } from "../src/plot/chart.ts";
import { LEARNING_RATES, type RunConfig, type RunRecord } from "./run-config.ts";

/** A learning rate, the option that names it, and one to try instead. */
interface Rate {
  readonly option: string;
  readonly value: number;
  readonly instead: number;
}

/** A learning rate to try where this one was too large: the optimiser's usual one, or a tenth with one digit. */
export function smallerRate({ optimizer, lr }: Pick<RunConfig, "optimizer" | "lr">): number {
  const usual = LEARNING_RATES[optimizer];
  return lr > usual ? usual : Number((lr / 10).toPrecision(1));
}

/** Loss of a network that gives every class the same chance. */
function lossOfGuessing({ loss }: Pick<RunConfig, "loss">, classes: number): number {
  switch (loss) {
    case "softmax":
      return Math.log(classes);
    case "cross-entropy":
      return classes * Math.LN2;
    case "quadratic":
      return classes / 8;
  }
}

/** Beyond so many times the loss of guessing, a loss has exploded. */
const EXPLODED = 10;

/** Whether a loss is far above that of guessing. */
export function hasExploded(loss: number, guessing: number): boolean {
  return loss > EXPLODED * guessing;
}

/** Below so many times the accuracy of guessing, nothing was learnt. */
const LEARNT = 1.5;

/** A remark with a remedy on a loss far above that of guessing; null on any other. */
export function remarkOnExplosion(
  { epoch, loss }: { readonly epoch: number; readonly loss: number },
  guessing: number,
  { option, value, instead }: Rate,
): Text | null {
  if (!hasExploded(loss, guessing)) return null;
  const [now, then] = [loss.toPrecision(3), guessing.toFixed(2)];
  return {
    en: `The loss has exploded: it is ${now} after epoch ${epoch}, where guessing has ${then}. The learning rate ${value} is too large; try ${option} ${instead}.`,
    zh: `损失爆炸：第 ${epoch} 轮后为 ${now}，而随机猜测只有 ${then}。学习率 ${value} 过大，请尝试 ${option} ${instead}。`,
  };
}

/** A remark with a remedy, or null where the run needs none. */
export function remarkOn(config: RunConfig, classes: number, records: readonly RunRecord[]): Text | null {
  const last = records.at(-1);
  if (last === undefined) return null;
  const rate = smallerRate(config);
  const best = records.reduce((top, record) => (record.testAccuracy > top.testAccuracy ? record : top));
  const share = (value: number) => `${(100 * value).toFixed(1)}%`;
  const exploded = remarkOnExplosion(last, lossOfGuessing(config, classes), {
    ...{ option: "--lr", value: config.lr, instead: rate },
  });
  if (exploded !== null) return exploded;
  if (last.testAccuracy < LEARNT / classes && best.testAccuracy >= LEARNT / classes) {
    return {
      en: `The network has forgotten what it knew: ${share(best.testAccuracy)} of the test set after epoch ${best.epoch}, ${share(last.testAccuracy)} after epoch ${last.epoch}. Try a smaller learning rate, --lr ${rate}, or fewer epochs.`,
      zh: `网络忘记了学到的东西：第 ${best.epoch} 轮后测试集准确率为 ${share(best.testAccuracy)}，第 ${last.epoch} 轮后为 ${share(last.testAccuracy)}。请尝试更小的学习率 --lr ${rate}，或减少轮数。`,
    };
  }
  if (last.testAccuracy < LEARNT / classes) {
    return {
      en: `The network has learnt nothing: ${share(last.testAccuracy)} of the test set is what guessing gives. Try another learning rate (it is ${config.lr}; usual for ${config.optimizer} is ${LEARNING_RATES[config.optimizer]}), more epochs, or --init auto.`,
      zh: `网络什么也没学到：测试集准确率 ${share(last.testAccuracy)} 与随机猜测相当。请尝试别的学习率（现为 ${config.lr}；${config.optimizer} 通常用 ${LEARNING_RATES[config.optimizer]}）、更多轮数，或 --init auto。`,
    };
  }
  return null;
}
