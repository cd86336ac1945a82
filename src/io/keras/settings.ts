// The settings of one layer of Keras, looked at as they are asked for: what is not as Keras writes it is told with the layer's name.
import { quote } from "../../engine/quote.ts";
import type { ActivationName } from "../../nn/activations.ts";
import type { Penalty } from "../../nn/penalties.ts";
import { type KerasLayer, record } from "./config.ts";

/** A layer, or a setting of one, that there is nothing for here. */
export class Unsupported extends Error {}

/** A name that the file gives, as it is unless it is very long. */
export function shown(name: string): string {
  return name.length <= LONGEST_NAME ? name : quote(name);
}

const LONGEST_NAME = 80;

/** Names of Keras, of version 3, and of version 2 where they mean something else. */
const ACTIVATIONS: ReadonlyMap<string, ActivationName> = new Map(
  Object.entries({
    ...{ linear: "linear", relu: "relu", relu6: "relu6", sigmoid: "sigmoid", tanh: "tanh", softmax: "softmax" },
    ...{ elu: "elu", selu: "selu", softplus: "softplus", softsign: "softsign", silu: "silu", swish: "silu" },
    ...{ gelu: "gelu", exponential: "exponential", hard_sigmoid: "hardSigmoid", hard_silu: "hardSilu" },
    ...{ hard_swish: "hardSilu", mish: "mish", log_sigmoid: "logSigmoid" },
  } as const),
);
/** Other functions in Keras 2: clip(0.2 x + 0.5, 0, 1). */
const OTHERS_BEFORE = new Set(["hard_sigmoid", "hard_silu", "hard_swish"]);

export class Settings {
  readonly notes: string[] = [];

  constructor(
    readonly layer: KerasLayer,
    /** Of Keras: 3, or less. */
    readonly version: number,
  ) {}

  unsupported(what: string): Unsupported {
    return new Unsupported(`${shown(this.layer.name)} (${shown(this.layer.className)}): ${what}`);
  }

  /** The first of the names that the layer has; Keras 3 has renamed some. */
  get(...names: readonly string[]): unknown {
    for (const name of names) {
      const value = this.layer.settings[name];
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }

  private wrong(name: string, value: unknown, wanted: string): Unsupported {
    return this.unsupported(`${name} is ${value === undefined ? "missing" : quote(value)}, not ${wanted}`);
  }

  whole(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw this.wrong(name, value, "a whole number");
  }

  number(names: string | readonly string[], fallback?: number): number {
    const value = this.get(...[names].flat()) ?? fallback;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.wrong([names].flat()[0], value, "a number");
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.wrong(name, value, "true or false");
  }

  text(name: string, fallback?: string): string {
    const value = this.get(name) ?? fallback;
    if (typeof value === "string") return value;
    throw this.wrong(name, value, "a text");
  }

  /** A whole number or a list of them as a list of so many. */
  lengths(name: string, count: number, fallback?: number): number[] {
    const value = this.get(name) ?? fallback;
    const list: unknown[] = Array.isArray(value) ? value : new Array(count).fill(value);
    if (list.length === count && list.every((n) => Number.isSafeInteger(n) && (n as number) >= 0))
      return list as number[];
    throw this.wrong(name, value, `${count} whole numbers`);
  }

  pair(name: string, fallback?: number): readonly [number, number] {
    const [a, b] = this.lengths(name, 2, fallback);
    return [a, b];
  }

  /** Whole numbers, as many as there are. */
  axes(name: string): number[] {
    const value = this.get(name);
    const list = [value].flat();
    if (value !== undefined && list.every((n) => Number.isSafeInteger(n))) return list as number[];
    throw this.wrong(name, value, "axes");
  }

  /** Throws unless the setting is that, or is not there. */
  only(name: string, ...allowed: readonly unknown[]): void {
    const value = this.get(name);
    // A list of one stands for the one.
    const plain = Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value;
    if (value === undefined || allowed.includes(plain)) return;
    throw this.unsupported(`${name} ${quote(value)} is not supported`);
  }

  /** Padding as words have it. */
  padding<Word extends string = never>(...more: readonly Word[]): "valid" | "same" | Word {
    const value = this.text("padding", "valid");
    if (value === "valid" || value === "same" || more.includes(value as Word)) return value as Word;
    throw this.unsupported(`padding ${quote(value)} is not supported`);
  }

  activation(name = "activation", fallback = "linear"): ActivationName {
    const value = this.get(name) ?? fallback;
    // Functions are written with what they belong to.
    const { class_name: className, config } = record(value);
    const word = typeof value === "string" ? value : className === "function" ? config : className;
    const plain = typeof word === "string" ? word : undefined;
    const found = plain === undefined ? undefined : ACTIVATIONS.get(plain);
    if (found !== undefined && !(this.version < 3 && OTHERS_BEFORE.has(plain!))) return found;
    throw this.unsupported(
      `${name} ${quote(plain ?? value)}${found === undefined ? "" : " of Keras 2, which is another function,"} is not supported`,
    );
  }

  /** L1 and L2, as a penalty here. */
  penalty(name: string): Penalty | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const { class_name: className, config } = record(value);
    const { l1 = 0, l2 = 0 } = record(config);
    if (["L1", "L2", "L1L2"].includes(String(className)) && typeof l1 === "number" && typeof l2 === "number")
      return { ...(l1 > 0 && { l1 }), ...(l2 > 0 && { l2 }) };
    this.leftOut(name);
    return undefined;
  }

  /** Notes settings that act in training alone and have nothing here. */
  leftOut(...names: readonly string[]): void {
    for (const name of names)
      if (this.get(name) !== undefined)
        this.notes.push(`${this.layer.name}: ${name} is left out; it acts while training only`);
  }
}
