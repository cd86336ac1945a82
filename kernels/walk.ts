// Walking two strided arrays of one shape side by side, as an odometer counts: the last axis turns fastest.
// The state lies in memory so that a step costs a few additions: two offsets, then an index for each axis, all i32.

/** Offset of the current place in the first array, in elements. */
// @ts-ignore: decorator
@inline
export function firstOffset(place: usize): i32 {
  return load<i32>(place);
}

/** Offset in the second array. */
// @ts-ignore: decorator
@inline
export function secondOffset(place: usize): i32 {
  return load<i32>(place, 4);
}

/** Goes to place number `index` of `axes` axes; shape and strides are arrays of i32. */
export function seek(place: usize, axes: i32, shape: usize, first: usize, second: usize, index: i32): void {
  let a = 0;
  let b = 0;
  for (let axis = 4 * (axes - 1); axis >= 0; axis -= 4) {
    const size = load<i32>(shape + axis);
    const at = index % size;
    index /= size;
    store<i32>(place + axis, at, 8);
    a += at * load<i32>(first + axis);
    b += at * load<i32>(second + axis);
  }
  store<i32>(place, a);
  store<i32>(place, b, 4);
}

/** One place further. After the last one it stands at the first again. */
export function advance(place: usize, axes: i32, shape: usize, first: usize, second: usize): void {
  let a = load<i32>(place);
  let b = load<i32>(place, 4);
  for (let axis = 4 * (axes - 1); axis >= 0; axis -= 4) {
    const at = load<i32>(place + axis, 8) + 1;
    a += load<i32>(first + axis);
    b += load<i32>(second + axis);
    const size = load<i32>(shape + axis);
    if (at < size) {
      store<i32>(place + axis, at, 8);
      break;
    }
    store<i32>(place + axis, 0, 8);
    a -= size * load<i32>(first + axis);
    b -= size * load<i32>(second + axis);
  }
  store<i32>(place, a);
  store<i32>(place, b, 4);
}
