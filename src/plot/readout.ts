// What a page needs to answer the pointer: where the plot lies in the drawing, and the numbers behind it. Plain data;
// the script that reads it is readout-script.ts.

/** A rectangle in the drawing's own units. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixel = offset + factor * value, or of log10(value). */
export interface PixelScale {
  readonly offset: number;
  readonly factor: number;
  readonly log: boolean;
  readonly percent: boolean;
  readonly label: string;
}

export interface ReadoutSeries {
  /** The number that the series' marks carry as `data-series`. */
  readonly id: number;
  readonly name: string;
  readonly colour: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  /** A band: from `y` to `high`. */
  readonly high?: readonly (number | null)[];
}

/** An edge of a surface's box: pixel = ... + (value - from) * [x, y]. */
export interface Edge {
  readonly label: string;
  readonly percent: boolean;
  readonly from: number;
  readonly pixels: readonly [number, number];
}

interface Points {
  readonly box: Box;
  readonly x: PixelScale;
  readonly y: PixelScale;
  readonly series: readonly ReadoutSeries[];
}

export type Readout =
  /** All series at the nearest x. */
  | ({ readonly kind: "column" } & Points)
  /** The one nearest point. */
  | ({ readonly kind: "nearest" } & Points)
  /** Along one direction, one stretch after the other: the categories of bars, the bins of a histogram. */
  | {
      readonly kind: "stretches";
      readonly box: Box;
      readonly horizontal: boolean;
      readonly percent: boolean;
      /** `stretches[i]` covers `from[i]` to `from[i + 1]`. */
      readonly from: readonly number[];
      readonly names: readonly string[];
      readonly series: readonly {
        readonly id: number;
        readonly name: string;
        readonly colour: string;
        readonly values: readonly (number | null)[];
      }[];
    }
  | {
      readonly kind: "cells";
      readonly box: Box;
      readonly rows: readonly string[];
      readonly columns: readonly string[];
      readonly rowLabel: string;
      readonly columnLabel: string;
      readonly valueLabel: string;
      readonly values: readonly (readonly (number | null)[])[];
      /** Also says which share of its row a value is. */
      readonly shareOf?: string;
    }
  | {
      readonly kind: "field";
      readonly box: Box;
      readonly x: PixelScale;
      readonly y: PixelScale;
      readonly valueLabel: string;
      readonly xs: readonly number[];
      readonly ys: readonly number[];
      readonly z: readonly (readonly (number | null)[])[];
    }
  /** A surface: of its grid's points under the pointer the nearest to the eye, and where it stands on the floor. */
  | {
      readonly kind: "surface";
      readonly box: Box;
      /** Where `from` of all three edges lies. */
      readonly corner: readonly [number, number];
      readonly x: Edge;
      readonly y: Edge;
      readonly z: Edge;
      /** Depth grows by so much from one end of x, and of y, to the other. */
      readonly depth: readonly [number, number];
      readonly xs: readonly number[];
      readonly ys: readonly number[];
      readonly values: readonly (readonly (number | null)[])[];
    }
  /** A network: a neuron, the connections that it has, and the weights of those that lead to it. */
  | {
      readonly kind: "network";
      readonly box: Box;
      readonly radius: number;
      readonly columns: readonly {
        readonly name: string;
        readonly x: number;
        /** The neurons that are drawn: number from 0, label, height in the drawing. */
        readonly units: readonly (readonly [number, string, number])[];
        /** For each of these, the weights of the drawn neurons before it. */
        readonly weights?: readonly (readonly (number | null)[])[];
      }[];
    }
  /** A grid of images: the one under the pointer, enlarged. */
  | {
      readonly kind: "images";
      readonly box: Box;
      readonly names: readonly string[];
      readonly places: readonly Box[];
      readonly enlarged: number;
    };
