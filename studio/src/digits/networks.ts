// The networks that the page trains itself, by name: what stands in addresses, without the code that trains them.

export const PRESETS = ["first", "dense", "convolution"] as const;
export type Preset = (typeof PRESETS)[number];

/** What is known of a network that is ready. */
export interface NetworkInfo {
  readonly parameters: number;
  /** From input to output: "784 · 30 · 10". */
  readonly shape: string;
  /** Share of 1,000 digits drawn by Nabla, none of them learnt from, that are read rightly. */
  readonly drawn: number;
  /** Of MNIST's 10,000 test digits, once that was measured. */
  readonly mnist?: number;
}
