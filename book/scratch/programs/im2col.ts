// Images as a matrix whose rows are the windows of a filter, so that a convolution is one matrix product; and back, adding up where windows overlap.
// The notes call both and define neither. A batch is a matrix whose rows are samples: channels, one after the other, row by row.
import { Matrix } from "../../matrix.ts";
import { placesOf } from "../../sizes.ts";

/** Of one sample. */
export type Shape = readonly [channels: number, height: number, width: number];

export interface Windows {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly pad: number;
}

/** Places of the windows down and across. @throws RangeError where sizes do not divide or the window is too large. */
export function outputSize([, height, width]: Shape, windows: Windows, owner = "im2col"): [number, number] {
  const { stride, pad } = windows;
  return [
    placesOf(owner, "height", height, windows.height, pad, stride),
    placesOf(owner, "width", width, windows.width, pad, stride),
  ];
}

/** Calls `visit` for every element of every window that lies in the image: where it stands in the columns and in the batch. */
function eachElement(
  samples: number,
  shape: Shape,
  windows: Windows,
  visit: (column: number, at: number) => void,
): void {
  const [channels, height, width] = shape;
  const [down, across] = outputSize(shape, windows);
  let column = 0;
  for (let n = 0; n < samples; n++) {
    for (let i = 0; i < down; i++) {
      for (let j = 0; j < across; j++) {
        for (let c = 0; c < channels; c++) {
          for (let m = 0; m < windows.height; m++) {
            const row = i * windows.stride + m - windows.pad;
            const from = ((n * channels + c) * height + row) * width;
            for (let k = 0; k < windows.width; k++, column++) {
              const at = j * windows.stride + k - windows.pad;
              if (row >= 0 && row < height && at >= 0 && at < width) visit(column, from + at);
            }
          }
        }
      }
    }
  }
}

/** (samples * OH * OW) by (channels * FH * FW): a row a window, with zeros for what lies outside of the image. */
export function im2col(x: Matrix, shape: Shape, windows: Windows): Matrix {
  checkBatch("im2col", x, shape);
  const [down, across] = outputSize(shape, windows);
  const col = new Matrix(x.rows * down * across, shape[0] * windows.height * windows.width);
  eachElement(x.rows, shape, windows, (column, at) => {
    col.values[column] = x.values[at];
  });
  return col;
}

/** The other way: every window's elements added to where they came from. It is im2col's transpose, not its inverse. */
export function col2im(col: Matrix, samples: number, shape: Shape, windows: Windows): Matrix {
  const x = new Matrix(samples, shape[0] * shape[1] * shape[2]);
  eachElement(samples, shape, windows, (column, at) => {
    x.values[at] += col.values[column];
  });
  return x;
}

/** @throws RangeError where rows are no images of this shape. */
export function checkBatch(owner: string, x: Matrix, [channels, height, width]: Shape): void {
  if (x.columns !== channels * height * width) {
    throw new RangeError(
      `${owner}: takes rows of ${channels} * ${height} * ${width} = ${channels * height * width} numbers, got ${x.columns}`,
    );
  }
}
