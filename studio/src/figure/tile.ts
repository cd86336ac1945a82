// One of the pictures that `Tiles` sets side by side.

export interface Tile {
  /** Row by row. */
  readonly pixels: ArrayLike<number>;
  /** Values at the ends of the ramp; default [0, 1]. */
  readonly range?: readonly [number, number];
  /** What it is, in words. */
  readonly label: string;
}
