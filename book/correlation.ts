// A filter over an image for programs by hand, and the two sums by which its errors travel back. All three add to what stands in their result.
import type { Volume } from "./volume.ts";

/**
 * output_ij += sum over d, m, n of kernel_dmn input_d,iS+m,jS+n. `output` has one channel and says how many places there are.
 * A row of the kernel goes along a row of the image, for two neighbouring places at a time, so that a weight is fetched once for both.
 */
export function correlate(input: Volume, kernel: Volume, output: Volume, stride = 1): void {
  const { values: x, height, width } = input;
  const { values: w, depth, height: kernelHeight, width: kernelWidth } = kernel;
  const { values: out, height: outputHeight, width: outputWidth } = output;
  for (let d = 0, kernelRow = 0; d < depth; d++) {
    for (let m = 0; m < kernelHeight; m++, kernelRow += kernelWidth) {
      for (let i = 0, to = 0; i < outputHeight; i++) {
        let from = (d * height + i * stride + m) * width;
        let j = 0;
        for (; j + 1 < outputWidth; j += 2, to += 2, from += 2 * stride) {
          let [here, next] = [0, 0];
          for (let n = 0; n < kernelWidth; n++) {
            const weight = w[kernelRow + n];
            here += weight * x[from + n];
            next += weight * x[from + stride + n];
          }
          out[to] += here;
          out[to + 1] += next;
        }
        if (j < outputWidth) {
          let last = 0;
          for (let n = 0; n < kernelWidth; n++) last += w[kernelRow + n] * x[from + n];
          out[to++] += last;
        }
      }
    }
  }
}

/**
 * gradient_dmn += sum over i, j of delta_ij input_d,iS+m,jS+n. Each delta adds its patch of the input; those of 0, most of them below max pooling,
 * cost nothing.
 */
export function addPatches(input: Volume, delta: Volume, gradient: Volume, stride = 1): void {
  const { values: x, height, width } = input;
  const { values: to, depth, height: kernelHeight, width: kernelWidth } = gradient;
  for (let i = 0, k = 0; i < delta.height; i++) {
    for (let j = 0; j < delta.width; j++, k++) {
      const factor = delta.values[k];
      if (factor === 0) continue;
      for (let d = 0, at = 0; d < depth; d++) {
        for (let m = 0; m < kernelHeight; m++) {
          let from = (d * height + i * stride + m) * width + j * stride;
          for (let n = 0; n < kernelWidth; n++) to[at++] += factor * x[from++];
        }
      }
    }
  }
}

/** gradient_d,iS+m,jS+n += delta_ij kernel_dmn for all i, j, d, m, n: each delta spreads over the patch that it came from. */
export function spreadPatches(delta: Volume, kernel: Volume, gradient: Volume, stride = 1): void {
  const { values: w, depth, height: kernelHeight, width: kernelWidth } = kernel;
  const { values: to, height, width } = gradient;
  for (let i = 0, k = 0; i < delta.height; i++) {
    for (let j = 0; j < delta.width; j++, k++) {
      const factor = delta.values[k];
      if (factor === 0) continue;
      for (let d = 0, from = 0; d < depth; d++) {
        for (let m = 0; m < kernelHeight; m++) {
          let at = (d * height + i * stride + m) * width + j * stride;
          for (let n = 0; n < kernelWidth; n++) to[at++] += factor * w[from++];
        }
      }
    }
  }
}
