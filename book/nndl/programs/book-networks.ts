// The networks of section 6.2 by their numbers: layers, how they are trained, parameters, iterations. `cp`: filters of 5x5 behind a 2x2 pool.

export interface BookNetwork {
  readonly name: string;
  /** Filters of each convolutional layer. */
  readonly cp: readonly number[];
  /** Neurons of each fully connected layer. */
  readonly full: readonly number[];
  /** Of convolutions and fully connected layers. */
  readonly activation: "sigmoid" | "relu";
  readonly epochs: number;
  readonly images: number;
  readonly eta: number;
  readonly lmbda: number;
  /** Of the inputs of every fully connected layer and of the softmax. */
  readonly pDropout: number;
  /** Test accuracy that the book reports, in percent. */
  readonly reported?: number;
}

const [once, expanded] = [50_000, 250_000];
const two = [20, 40];
const sigmoid = { activation: "sigmoid", eta: 0.1, lmbda: 0, pDropout: 0, epochs: 60, images: once } as const;
const relu = { ...sigmoid, cp: two, activation: "relu", eta: 0.03, lmbda: 0.1 } as const;
const more = { ...relu, images: expanded } as const;

/** In the order of the text; a row of its table with two sizes is two networks. */
export const BOOK_NETWORKS: readonly BookNetwork[] = [
  { name: "6.A", ...sigmoid, cp: [], full: [100], reported: 97.8 },
  { name: "6.B", ...sigmoid, cp: [20], full: [100], reported: 98.78 },
  { name: "6.C", ...sigmoid, cp: two, full: [100], reported: 99.06 },
  { name: "6.D", ...relu, full: [100], reported: 99.23 },
  { name: "6.E", ...more, full: [100], reported: 99.37 },
  { name: "6.F, 300", ...more, full: [300], reported: 99.46 },
  { name: "6.F, 1000", ...more, full: [1000], reported: 99.43 },
  { name: "6.G", ...more, full: [100, 100], reported: 99.43 },
  { name: "6.H, 300", ...more, full: [300, 300], reported: 99.48 },
  { name: "6.H, 1000", ...more, full: [1000, 1000], reported: 99.47 },
  { name: "6.I", ...more, full: [1000, 1000], epochs: 40, lmbda: 0, pDropout: 0.5, reported: 99.6 },
];

/** Sides of the maps, the image first: 28, 24, 12, 8, 4 for two layers. */
export function sidesOf(cp: readonly number[], side = 28): number[] {
  const sides = [side];
  for (const _ of cp) {
    const convolved = sides[sides.length - 1] - 4;
    sides.push(convolved, convolved / 2);
  }
  return sides;
}

/** Parameters of each layer, the softmax of ten outputs last. */
export function parametersOf({ cp, full }: Pick<BookNetwork, "cp" | "full">): number[] {
  const convolutional = cp.map((filters, l) => filters * ((cp[l - 1] ?? 1) * 25 + 1));
  const side = sidesOf(cp).at(-1)!;
  const widths = [(cp.at(-1) ?? 1) * side * side, ...full, 10];
  return [...convolutional, ...widths.slice(1).map((width, l) => (widths[l] + 1) * width)];
}

/** Mini-batches of 10 in all epochs. */
export function iterationsOf({ epochs, images }: Pick<BookNetwork, "epochs" | "images">): number {
  return (epochs * images) / 10;
}
