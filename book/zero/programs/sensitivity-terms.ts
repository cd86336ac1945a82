// Which deltas of a convolution come back to one number of its input, each by the weight that the number was multiplied with: the text works
// a11, a12 and a22 by hand, here it is any.
import type { ConvLayer } from "./conv-layer.ts";

export interface SensitivityTerm {
  /** Where the delta stands in the sensitivity map. */
  readonly row: number;
  readonly column: number;
  /** Where the weight stands in the filter. */
  readonly m: number;
  readonly n: number;
}

/** dE/da_ij = sum of delta_row,column w_m,n over these, for each filter; i = row S + m - P, and columns likewise. */
export function sensitivityTerms(layer: ConvLayer, i: number, j: number): SensitivityTerm[] {
  const terms: SensitivityTerm[] = [];
  for (let row = 0; row < layer.outputHeight; row++) {
    for (let column = 0; column < layer.outputWidth; column++) {
      const m = i + layer.zeroPadding - row * layer.stride;
      const n = j + layer.zeroPadding - column * layer.stride;
      if (m >= 0 && n >= 0 && m < layer.filterHeight && n < layer.filterWidth) terms.push({ row, column, m, n });
    }
  }
  return terms;
}
