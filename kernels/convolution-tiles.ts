// Inner loops of convolutions. A tile is 4 rows by 2 vectors of sums, all in registers; its three forms differ in where
// the operands come from and where the sums go. A patch element's address is the sum of its tap's offset and its
// pixel's position, both from tables, so one loop serves every stride, dilation and shape.

/** Rows of a tile. */
export const TILE_ROWS: i32 = 4;
/** Bytes of a tile's row: two vectors. */
export const ROW_BYTES: i32 = 32;

/** Columns of a tile. */
// @ts-ignore: decorator
@inline
export function tileColumns<T>(): i32 {
  return 32 / sizeof<T>();
}

/** c + a b: with one rounding where relaxed instructions are allowed, with two elsewhere. */
// @ts-ignore: decorator
@inline
function multiplyAdd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(c, v128.mul<T>(a, b));
}

/**
 * c[4, 2 vectors] = start + sum over depth of a[depth, 4] b[depth, 2 vectors]. The sums start from four values at
 * `start`, or from c itself if it is 0. With `relu` negative results become 0.
 */
export function productTile<T>(
  a: usize, b: usize, depth: i32, c: usize, rowBytes: i32, start: usize, relu: bool,
): void {
  const c1 = c + rowBytes;
  const c2 = c1 + rowBytes;
  const c3 = c2 + rowBytes;
  let s00: v128, s01: v128, s10: v128, s11: v128, s20: v128, s21: v128, s30: v128, s31: v128;
  if (start != 0) {
    s00 = v128.load_splat<T>(start);
    s10 = v128.load_splat<T>(start + sizeof<T>());
    s20 = v128.load_splat<T>(start + 2 * sizeof<T>());
    s30 = v128.load_splat<T>(start + 3 * sizeof<T>());
    s01 = s00;
    s11 = s10;
    s21 = s20;
    s31 = s30;
  } else {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  for (; depth > 0; depth--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    s00 = multiplyAdd<T>(x, b0, s00);
    s01 = multiplyAdd<T>(x, b1, s01);
    x = v128.load_splat<T>(a, sizeof<T>());
    s10 = multiplyAdd<T>(x, b0, s10);
    s11 = multiplyAdd<T>(x, b1, s11);
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    s20 = multiplyAdd<T>(x, b0, s20);
    s21 = multiplyAdd<T>(x, b1, s21);
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    s30 = multiplyAdd<T>(x, b0, s30);
    s31 = multiplyAdd<T>(x, b1, s31);
    a += 4 * sizeof<T>();
    b += ROW_BYTES;
  }
  if (relu) {
    const zero = v128.splat<T>(<T>0);
    s00 = v128.max<T>(s00, zero);
    s01 = v128.max<T>(s01, zero);
    s10 = v128.max<T>(s10, zero);
    s11 = v128.max<T>(s11, zero);
    s20 = v128.max<T>(s20, zero);
    s21 = v128.max<T>(s21, zero);
    s30 = v128.max<T>(s30, zero);
    s31 = v128.max<T>(s31, zero);
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/**
 * Adds the product of a[depth, 4] and b[depth, 2 vectors] to an image: row i goes to image + offsets[i] + positions of
 * the columns. `first` and `second` are the positions of the two vectors where their columns are neighbours in the
 * image, else -1; then each of the `columns` is added by itself. Only `rows` rows are kept.
 */
export function scatterTile<T>(
  a: usize, b: usize, depth: i32, image: usize, offsets: usize, rows: i32,
  positions: usize, columns: i32, first: i32, second: i32, temporary: usize,
): void {
  let s00 = v128.splat<T>(<T>0);
  let s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  for (; depth > 0; depth--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    s00 = multiplyAdd<T>(x, b0, s00);
    s01 = multiplyAdd<T>(x, b1, s01);
    x = v128.load_splat<T>(a, sizeof<T>());
    s10 = multiplyAdd<T>(x, b0, s10);
    s11 = multiplyAdd<T>(x, b1, s11);
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    s20 = multiplyAdd<T>(x, b0, s20);
    s21 = multiplyAdd<T>(x, b1, s21);
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    s30 = multiplyAdd<T>(x, b0, s30);
    s31 = multiplyAdd<T>(x, b1, s31);
    a += 4 * sizeof<T>();
    b += ROW_BYTES;
  }
  if (rows == 4 && first >= 0 && second >= 0) {
    const row0 = image + load<u32>(offsets);
    const row1 = image + load<u32>(offsets, 4);
    const row2 = image + load<u32>(offsets, 8);
    const row3 = image + load<u32>(offsets, 12);
    addTo<T>(row0 + first, s00);
    addTo<T>(row0 + second, s01);
    addTo<T>(row1 + first, s10);
    addTo<T>(row1 + second, s11);
    addTo<T>(row2 + first, s20);
    addTo<T>(row2 + second, s21);
    addTo<T>(row3 + first, s30);
    addTo<T>(row3 + second, s31);
    return;
  }
  v128.store(temporary, s00);
  v128.store(temporary, s01, 16);
  v128.store(temporary, s10, 32);
  v128.store(temporary, s11, 48);
  v128.store(temporary, s20, 64);
  v128.store(temporary, s21, 80);
  v128.store(temporary, s30, 96);
  v128.store(temporary, s31, 112);
  for (let row = 0; row < rows; row++) {
    const to = image + load<u32>(offsets + 4 * row);
    const from = temporary + ROW_BYTES * row;
    let column = 0;
    if (first >= 0) {
      addTo<T>(to + first, v128.load(from));
      column = 16 / sizeof<T>();
    }
    const end = second >= 0 ? 16 / sizeof<T>() : columns;
    for (; column < end; column++) {
      const place = to + load<u32>(positions + 4 * column);
      store<T>(place, load<T>(place) + load<T>(from + column * sizeof<T>()));
    }
    if (second >= 0) addTo<T>(to + second, v128.load(from, 16));
  }
}

// @ts-ignore: decorator
@inline
function addTo<T>(place: usize, value: v128): void {
  v128.store(place, v128.add<T>(v128.load(place), value));
}

/**
 * c[4, 2 vectors] (+)= sum over pixels of x_i[positions[pixel]] b[pixel, 2 vectors]: the product of four taps' inputs,
 * read where they lie, with the gradients of a tile's columns. `add` adds to what c holds.
 */
export function correlateTile<T>(
  x0: usize, x1: usize, x2: usize, x3: usize, positions: usize, b: usize, pixels: i32,
  c: usize, rowBytes: i32, add: bool,
): void {
  let s00 = v128.splat<T>(<T>0);
  let s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  for (; pixels > 0; pixels--) {
    const at = load<u32>(positions);
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(x0 + at);
    s00 = multiplyAdd<T>(x, b0, s00);
    s01 = multiplyAdd<T>(x, b1, s01);
    x = v128.load_splat<T>(x1 + at);
    s10 = multiplyAdd<T>(x, b0, s10);
    s11 = multiplyAdd<T>(x, b1, s11);
    x = v128.load_splat<T>(x2 + at);
    s20 = multiplyAdd<T>(x, b0, s20);
    s21 = multiplyAdd<T>(x, b1, s21);
    x = v128.load_splat<T>(x3 + at);
    s30 = multiplyAdd<T>(x, b0, s30);
    s31 = multiplyAdd<T>(x, b1, s31);
    positions += 4;
    b += ROW_BYTES;
  }
  const c1 = c + rowBytes;
  const c2 = c1 + rowBytes;
  const c3 = c2 + rowBytes;
  if (add) {
    s00 = v128.add<T>(v128.load(c), s00);
    s01 = v128.add<T>(v128.load(c, 16), s01);
    s10 = v128.add<T>(v128.load(c1), s10);
    s11 = v128.add<T>(v128.load(c1, 16), s11);
    s20 = v128.add<T>(v128.load(c2), s20);
    s21 = v128.add<T>(v128.load(c2, 16), s21);
    s30 = v128.add<T>(v128.load(c3), s30);
    s31 = v128.add<T>(v128.load(c3, 16), s31);
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** Whether the pixels of one vector are neighbours in the image. Positions ascend by an element or more. */
// @ts-ignore: decorator
@inline
export function neighbours<T>(positions: usize): bool {
  const last = 16 / sizeof<T>() - 1;
  return load<u32>(positions + 4 * last) - load<u32>(positions) == last * sizeof<T>();
}

/** out[tap, 2 vectors] = image[offsets[tap] + positions[column]] for one tile's columns. */
export function gatherPanel<T>(image: usize, offsets: usize, taps: i32, positions: usize, out: usize): void {
  const half = positions + 64 / sizeof<T>();
  if (!neighbours<T>(positions) || !neighbours<T>(half)) {
    gatherVector<T>(image, offsets, taps, positions, out);
    gatherVector<T>(image, offsets, taps, half, out + 16);
    return;
  }
  const first = image + load<u32>(positions);
  const second = image + load<u32>(half);
  for (; taps > 0; taps--) {
    const offset = load<u32>(offsets);
    v128.store(out, v128.load(first + offset));
    v128.store(out, v128.load(second + offset), 16);
    offsets += 4;
    out += ROW_BYTES;
  }
}

function gatherVector<T>(image: usize, offsets: usize, taps: i32, positions: usize, out: usize): void {
  const first = image + load<u32>(positions);
  if (neighbours<T>(positions)) {
    for (; taps > 0; taps--) {
      v128.store(out, v128.load(first + load<u32>(offsets)));
      offsets += 4;
      out += ROW_BYTES;
    }
    return;
  }
  const second = image + load<u32>(positions, 4);
  if (sizeof<T>() == 8) {
    for (; taps > 0; taps--) {
      const offset = load<u32>(offsets);
      v128.store(out, v128.load64_lane(second + offset, v128.load64_zero(first + offset), 1));
      offsets += 4;
      out += ROW_BYTES;
    }
    return;
  }
  const third = image + load<u32>(positions, 8);
  const fourth = image + load<u32>(positions, 12);
  for (; taps > 0; taps--) {
    const offset = load<u32>(offsets);
    let vector = v128.load32_zero(first + offset);
    vector = v128.load32_lane(second + offset, vector, 1);
    vector = v128.load32_lane(third + offset, vector, 2);
    v128.store(out, v128.load32_lane(fourth + offset, vector, 3));
    offsets += 4;
    out += ROW_BYTES;
  }
}

/** out[row, 2 vectors] from `rows` rows of `columns` elements that lie `rowBytes` apart, zeros after them. */
export function copyPanel<T>(from: usize, rowBytes: i32, rows: i32, columns: i32, out: usize): void {
  if (columns == tileColumns<T>()) {
    for (; rows > 0; rows--) {
      v128.store(out, v128.load(from));
      v128.store(out, v128.load(from, 16), 16);
      from += rowBytes;
      out += ROW_BYTES;
    }
    return;
  }
  const zero = v128.splat<T>(<T>0);
  for (; rows > 0; rows--) {
    v128.store(out, zero);
    v128.store(out, zero, 16);
    for (let i = 0; i < columns; i++) store<T>(out + i * sizeof<T>(), load<T>(from + i * sizeof<T>()));
    from += rowBytes;
    out += ROW_BYTES;
  }
}

/** Four float32 of each of four rows, transposed into four vectors that lie `step` bytes apart. */
// @ts-ignore: decorator
@inline
function transposeFour(row0: usize, row1: usize, row2: usize, row3: usize, out: usize, step: usize): void {
  const a = v128.load(row0);
  const b = v128.load(row1);
  const c = v128.load(row2);
  const d = v128.load(row3);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abUpper = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdUpper = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(ab, cd, 0, 2));
  v128.store(out + step, v128.shuffle<f64>(ab, cd, 1, 3));
  v128.store(out + 2 * step, v128.shuffle<f64>(abUpper, cdUpper, 0, 2));
  v128.store(out + 3 * step, v128.shuffle<f64>(abUpper, cdUpper, 1, 3));
}

/** out[tap, 4] from four rows of `taps` elements: a tile's filters side by side. */
export function packTile<T>(row0: usize, row1: usize, row2: usize, row3: usize, taps: i32, out: usize): void {
  if (sizeof<T>() == 4) {
    for (; taps >= 4; taps -= 4) {
      transposeFour(row0, row1, row2, row3, out, 16);
      row0 += 16;
      row1 += 16;
      row2 += 16;
      row3 += 16;
      out += 64;
    }
  }
  for (; taps > 0; taps--) {
    store<T>(out, load<T>(row0));
    store<T>(out, load<T>(row1), sizeof<T>());
    store<T>(out, load<T>(row2), 2 * sizeof<T>());
    store<T>(out, load<T>(row3), 3 * sizeof<T>());
    row0 += sizeof<T>();
    row1 += sizeof<T>();
    row2 += sizeof<T>();
    row3 += sizeof<T>();
    out += 4 * sizeof<T>();
  }
}

/** out[column, 2 vectors] from up to two vectors of rows: the same transposed, zeros for missing rows. */
export function transposePanel<T>(from: usize, rowBytes: i32, rows: i32, columns: i32, out: usize): void {
  if (rows < tileColumns<T>()) {
    memory.fill(out, 0, columns * ROW_BYTES);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < columns; i++) {
        store<T>(out + i * ROW_BYTES + row * sizeof<T>(), load<T>(from + i * sizeof<T>()));
      }
      from += rowBytes;
    }
    return;
  }
  const step: i32 = 16 / sizeof<T>();
  for (let half = 0; half < 2; half++) {
    let i = 0;
    let to = out + 16 * half;
    for (; i + step <= columns; i += step) {
      const at = from + i * sizeof<T>();
      if (sizeof<T>() == 8) {
        const a = v128.load(at);
        const b = v128.load(at + rowBytes);
        v128.store(to, v128.shuffle<f64>(a, b, 0, 2));
        v128.store(to, v128.shuffle<f64>(a, b, 1, 3), 32);
      } else {
        transposeFour(at, at + rowBytes, at + 2 * rowBytes, at + 3 * rowBytes, to, ROW_BYTES);
      }
      to += step * ROW_BYTES;
    }
    for (; i < columns; i++) {
      for (let row = 0; row < step; row++) {
        store<T>(to + row * sizeof<T>(), load<T>(from + row * rowBytes + i * sizeof<T>()));
      }
      to += ROW_BYTES;
    }
    from += step * rowBytes;
  }
}
