// What the fourth part builds its layers from: a filter moved over an image (cross-correlation, which the field calls convolution), zeros around
// an image, and convolution in the sense of mathematics beside it.
import { correlate } from "../../correlation.ts";
import { Volume } from "../../volume.ts";

/** Applies `op` to every element, in place. Whole numbers stay whole: in an Int32Array a derivative of 0.25 becomes 0. */
export function elementWiseOp(
  array: Float64Array | Float32Array | Int32Array | Uint8Array,
  op: (value: number) => number,
): void {
  for (let i = 0; i < array.length; i++) array[i] = op(array[i]);
}

/** The part of the input that the filter sees at output (i, j). */
export function getPatch(
  inputArray: Volume,
  i: number,
  j: number,
  filterWidth: number,
  filterHeight: number,
  stride: number,
): Volume {
  return Volume.fill(inputArray.depth, filterHeight, filterWidth, (d, m, n) =>
    inputArray.at(d, i * stride + m, j * stride + n),
  );
}

/**
 * Equation 4 without the activation, for one filter: output_ij = sum over d, m, n of kernel_dmn input_d,iS+m,jS+n, plus the bias.
 * `outputArray` has one channel and says how many outputs there are. The text cuts a patch for every output; `correlate` adds the same numbers
 * and cuts nothing.
 */
export function conv(inputArray: Volume, kernelArray: Volume, outputArray: Volume, stride: number, bias: number): void {
  outputArray.values.fill(bias);
  correlate(inputArray, kernelArray, outputArray, stride);
}

/** How one output of equation 4 comes about: the sum after the bias and each product of a patch and the kernel, in the order of `conv`. */
export function runningSums(patch: Volume, kernelArray: Volume, bias = 0): number[] {
  if (patch.values.length !== kernelArray.values.length) {
    throw new RangeError(
      `runningSums: a patch of shape (${patch.shape}) does not fit a kernel of (${kernelArray.shape})`,
    );
  }
  const sums = [bias];
  patch.values.forEach((value, i) => {
    sums.push(sums[i] + value * kernelArray.values[i]);
  });
  return sums;
}

/** Zeros on every side: `zp` of them, or so many above and below, and so many left and right. */
export function padding(inputArray: Volume, zp: number | readonly [rows: number, columns: number]): Volume {
  const [rows, columns] = typeof zp === "number" ? [zp, zp] : zp;
  const { depth, height, width, values } = inputArray;
  if (rows === 0 && columns === 0) return inputArray;
  const padded = new Volume(depth, height + 2 * rows, width + 2 * columns);
  for (let d = 0; d < depth; d++) {
    for (let i = 0; i < height; i++) {
      const from = (d * height + i) * width;
      const to = (d * padded.height + i + rows) * padded.width + columns;
      padded.values.set(values.subarray(from, from + width), to);
    }
  }
  return padded;
}

/** Every channel turned by 180 degrees: the last row first, the last column first. */
export function rotate180({ depth, height, width, values }: Volume): Volume {
  const size = height * width;
  const turned = new Volume(depth, height, width);
  for (let d = 0; d < depth; d++) {
    for (let at = 0; at < size; at++) turned.values[(d + 1) * size - 1 - at] = values[d * size + at];
  }
  return turned;
}

/**
 * Equation 5, convolution: C_st = sum over m, n of A_mn B_s-m,t-n, for 0 <= s < rows of A + rows of B - 1 and t likewise; B is 0 outside.
 * Channel d of A meets channel d of B, as in equation 6, and the channels are added up.
 */
export function convolution(a: Volume, b: Volume): Volume {
  return Volume.fill(1, a.height + b.height - 1, a.width + b.width - 1, (_, s, t) => {
    let sum = 0;
    for (let d = 0; d < a.depth; d++) {
      for (let m = 0; m < a.height; m++) {
        for (let n = 0; n < a.width; n++) {
          const [i, j] = [s - m, t - n];
          if (i >= 0 && i < b.height && j >= 0 && j < b.width) sum += a.at(d, m, n) * b.at(d, i, j);
        }
      }
    }
    return sum;
  });
}

/** Where B lies wholly within A: as many outputs as a filter B of that size has. */
export function validPart(full: Volume, b: Volume): Volume {
  const [rows, columns] = [full.height - 2 * (b.height - 1), full.width - 2 * (b.width - 1)];
  return Volume.fill(1, rows, columns, (_, i, j) => full.at(0, i + b.height - 1, j + b.width - 1));
}

/** Kronecker's product of matrices: every element of A times all of B. */
export function kronecker(a: Volume, b: Volume): Volume {
  return Volume.fill(a.depth, a.height * b.height, a.width * b.width, (d, i, j) => {
    const value = a.at(d, Math.floor(i / b.height), Math.floor(j / b.width));
    return value * b.at(0, i % b.height, j % b.width);
  });
}
