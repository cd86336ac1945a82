// Numbers as bfloat16, the upper half of a float32: half the bytes on a network, the same range, eight bits of precision.

/** Rounds n numbers to the nearest, ties to even; NaN stays NaN. */
export function toBfloat16_f32(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const bits = load<u32>(x + 4 * <usize>i);
    const rounded = (bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    store<u16>(out + 2 * <usize>i, <u16>rounded);
  }
}

/** out[i] += x[i] for n numbers x in bfloat16, in float32. */
export function addBfloat16_f32(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const value = reinterpret<f32>(<u32>load<u16>(x + 2 * <usize>i) << 16);
    const at = out + 4 * <usize>i;
    store<f32>(at, load<f32>(at) + value);
  }
}
