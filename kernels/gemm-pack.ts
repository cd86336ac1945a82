// Copies of parts of a matrix in the order in which the inner loop reads them: several lines side by side, step by step
// along k. A copy pays where the original would be read many times over with a large stride.
import { lanes } from "./lanes";

/**
 * Copies `lines` lines of `depth` elements: element p of line i goes to to + p step + i size. At the source, lines are
 * `line` bytes apart, and elements of a line `along` bytes.
 */
export function packLines<T>(
  to: usize, step: usize, from: usize, line: usize, along: usize, lines: i32, depth: i32,
): void {
  while (lines >= lanes<T>()) {
    if (line == sizeof<T>()) copyVectors<T>(to, step, from, along, depth);
    else if (along == sizeof<T>()) transpose<T>(to, step, from, line, depth);
    else gatherLines<T>(to, step, from, line, along, lanes<T>(), depth);
    to += 16;
    from += <usize>lanes<T>() * line;
    lines -= lanes<T>();
  }
  gatherLines<T>(to, step, from, line, along, lines, depth);
}

/** Copies `depth` rows of 64 bytes, half of each to one panel and half to the next: a whole cache line at once. */
export function copyTwoPanels(to: usize, panel: usize, from: usize, step: usize, depth: i32): void {
  let next = to + panel;
  for (; depth > 0; --depth) {
    const x0 = v128.load(from), x1 = v128.load(from, 16), x2 = v128.load(from, 32), x3 = v128.load(from, 48);
    v128.store(to, x0);
    v128.store(to, x1, 16);
    v128.store(next, x2);
    v128.store(next, x3, 16);
    to += 32;
    next += 32;
    from += step;
  }
}

function gatherLines<T>(
  to: usize, step: usize, from: usize, line: usize, along: usize, lines: i32, depth: i32,
): void {
  for (let i = 0; i < lines; ++i) {
    let target = to + <usize>i * sizeof<T>(), source = from + <usize>i * line;
    for (let p = 0; p < depth; ++p) {
      store<T>(target, load<T>(source));
      target += step;
      source += along;
    }
  }
}

// @ts-ignore: decorator
@inline
function copyVectors<T>(to: usize, step: usize, from: usize, along: usize, depth: i32): void {
  for (; depth > 0; --depth) {
    v128.store(to, v128.load(from));
    to += step;
    from += along;
  }
}

// @ts-ignore: decorator
@inline
function transpose<T>(to: usize, step: usize, from: usize, line: usize, depth: i32): void {
  let line1 = from + line;
  if (sizeof<T>() == 8) {
    for (; depth >= 2; depth -= 2) {
      const x0 = v128.load(from), x1 = v128.load(line1);
      v128.store(to, v128.shuffle<u64>(x0, x1, 0, 2));
      v128.store(to + step, v128.shuffle<u64>(x0, x1, 1, 3));
      to += 2 * step;
      from += 16;
      line1 += 16;
    }
  } else {
    let line2 = line1 + line, line3 = line2 + line;
    for (; depth >= 4; depth -= 4) {
      const x0 = v128.load(from), x1 = v128.load(line1), x2 = v128.load(line2), x3 = v128.load(line3);
      const low01 = v128.shuffle<u32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<u32>(x0, x1, 2, 6, 3, 7);
      const low23 = v128.shuffle<u32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<u32>(x2, x3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<u64>(low01, low23, 0, 2));
      to += step;
      v128.store(to, v128.shuffle<u64>(low01, low23, 1, 3));
      to += step;
      v128.store(to, v128.shuffle<u64>(high01, high23, 0, 2));
      to += step;
      v128.store(to, v128.shuffle<u64>(high01, high23, 1, 3));
      to += step;
      from += 16;
      line1 += 16;
      line2 += 16;
      line3 += 16;
    }
  }
  gatherLines<T>(to, step, from, line, sizeof<T>(), lanes<T>(), depth);
}
