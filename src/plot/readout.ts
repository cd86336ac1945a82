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
    };
