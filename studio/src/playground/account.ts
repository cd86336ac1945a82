// What was done to a network, in an address: "c*sgd*0.03*0.9*0*0*10_200_w0*1*2*0.5_30" is these settings, 200 steps, weight 1 -> 2 of layer 0 set to
// 0.5, 30 steps more. Numbers are written so that they are read as the same numbers.
import type { Deed, TrainingSettings } from "./session.ts";

export function writeDeeds(deeds: readonly Deed[]): string {
  return deeds
    .map((deed) => {
      if (deed.kind === "steps") return String(deed.count);
      if (deed.kind === "weight") return `w${[deed.layer, deed.from, deed.to, deed.value].join("*")}`;
      const { optimizer, learningRate, momentum, l1, l2, batchSize } = deed.settings;
      return `c*${[optimizer, learningRate, momentum, l1, l2, batchSize].join("*")}`;
    })
    .join("_");
}

/** @param optimizers those that there are. @returns undefined where the text tells of nothing that can be done */
export function readDeeds(text: string, optimizers: readonly string[]): Deed[] | undefined {
  const deeds = text.split("_").map((part) => readDeed(part, optimizers));
  const good = deeds.every((deed) => deed !== undefined) && deeds[0].kind === "settings";
  return good ? deeds : undefined;
}

const whole = (value: number | undefined): value is number => Number.isSafeInteger(value) && value! >= 0;

function readDeed(part: string, optimizers: readonly string[]): Deed | undefined {
  if (/^\d+$/.test(part)) {
    const count = Number(part);
    return whole(count) ? { kind: "steps", count } : undefined;
  }
  const [first, ...rest] = part.split("*");
  if (/^w\d+$/.test(first)) {
    const [layer, to, value] = [Number(first.slice(1)), Number(rest[1]), Number(rest[2])];
    const from = rest[0] === "bias" ? ("bias" as const) : Number(rest[0]);
    const good = rest.length === 3 && whole(to) && (from === "bias" || whole(from)) && Number.isFinite(value);
    return good ? { kind: "weight", layer, from, to, value } : undefined;
  }
  const [optimizer, ...numbers] = rest;
  const [learningRate, momentum, l1, l2, batchSize] = numbers.map(Number);
  const good =
    first === "c" &&
    optimizers.includes(optimizer) &&
    numbers.length === 5 &&
    [learningRate, momentum, l1, l2].every((value) => value >= 0 && value <= 1e6) &&
    whole(batchSize) &&
    batchSize > 0;
  if (!good) return undefined;
  const settings = { optimizer, learningRate, momentum, l1, l2, batchSize } as TrainingSettings;
  return { kind: "settings", settings };
}

/** Whether settings that never changed, and a number of steps, tell all of it. */
export function isPlain(deeds: readonly Deed[]): boolean {
  return deeds.length <= 2 && deeds.slice(1).every(({ kind }) => kind === "steps");
}

export const sameButRate = (a: TrainingSettings, b: TrainingSettings): boolean =>
  JSON.stringify({ ...a, learningRate: 0 }) === JSON.stringify({ ...b, learningRate: 0 });
