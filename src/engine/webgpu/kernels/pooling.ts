// Pooling: a thread has a window, or, on the way back, an element of the image and the windows that it lies in, so that sums have one order.
import { EACH, type KernelText, once } from "../shader.ts";
import { float, type NamedEntry } from "./named.ts";

const WINDOWS = "height width outHeight outWidth kh kw sh sw top:i32 left:i32";

/** The plane, row and column of a window, and the place of its plane in x. */
const WINDOW = `
  let plane = i / (p.outHeight * p.outWidth);
  let row0 = i32(((i / p.outWidth) % p.outHeight) * p.sh) - p.top;
  let column0 = i32((i % p.outWidth) * p.sw) - p.left;
  let x0 = p.x + plane * p.height * p.width;`;

/** Lines for each element of a window that lies in the image, at `at` of its plane. */
const overWindow = (lines: string): string => `
  for (var k = 0; k < i32(p.kh); k += 1) {
    let row = row0 + k;
    if (row < 0 || row >= i32(p.height)) { continue; }
    for (var l = 0; l < i32(p.kw); l += 1) {
      let column = column0 + l;
      if (column < 0 || column >= i32(p.width)) { continue; }
      let at = u32(row) * p.width + u32(column);
      ${lines}
    }
  }`;

const MAX: KernelText = {
  name: "maxPool",
  parameters: `x y indices n ${WINDOWS}`,
  body: `${EACH}
${WINDOW}
  var best = 0.0;
  var place = 0xffffffffu;
  ${overWindow(`let value = load(x0 + at);
      if (place == 0xffffffffu || (!isNan(best) && (isNan(value) || above(value, best)))) { best = value; place = at; }`)}
  store(p.y + i, best);
  if (p.indices != 0u) { mem[p.indices + i] = place; }`,
};

const sumText = once(
  (root: boolean): KernelText => ({
    name: root ? "windowRoot" : "windowSum",
    parameters: `x y n divisor:f32 ${WINDOWS}`,
    body: `${EACH}
${WINDOW}
  var sum = 0.0;
  ${overWindow(`let value = load(x0 + at);
      sum += ${root ? "value * value" : "value"};`)}
  store(p.y + i, ${root ? "root(sum)" : "quotient(sum, p.divisor)"});`,
  }),
);

/** Lines for each window that an element of the image lies in, number `at` of its plane. */
const overWindowsOf = (lines: string): string => `
  let plane = i / (p.height * p.width);
  let own = i % (p.height * p.width);
  let down = i32(own / p.width) + p.top;
  let across = i32(own % p.width) + p.left;
  let y0 = plane * p.outHeight * p.outWidth;
  // From the first window that ends behind the element to the last that begins before it.
  let firstRow = max(0, (down - i32(p.kh) + i32(p.sh)) / i32(p.sh));
  let lastRow = min(i32(p.outHeight) - 1, down / i32(p.sh));
  let firstColumn = max(0, (across - i32(p.kw) + i32(p.sw)) / i32(p.sw));
  let lastColumn = min(i32(p.outWidth) - 1, across / i32(p.sw));
  var sum = 0.0;
  for (var row = firstRow; row <= lastRow; row += 1) {
    for (var column = firstColumn; column <= lastColumn; column += 1) {
      let at = y0 + u32(row) * p.outWidth + u32(column);
      ${lines}
    }
  }`;

const MAX_GRADIENT: KernelText = {
  name: "maxPoolGradient",
  parameters: `dy indices dx n ${WINDOWS}`,
  body: `${EACH}
${overWindowsOf("if (mem[p.indices + at] == own) { sum += load(p.dy + at); }")}
  store(p.dx + i, sum);`,
};

const SUM_GRADIENT: KernelText = {
  name: "windowSumGradient",
  parameters: `dy dx n divisor:f32 ${WINDOWS}`,
  body: `${EACH}
${overWindowsOf("sum += quotient(load(p.dy + at), p.divisor);")}
  store(p.dx + i, sum);`,
};

const GATHER: KernelText = {
  name: "maxPoolGather",
  parameters: "x indices y n size outSize",
  body: `${EACH}
  store(p.y + i, load(p.x + (i / p.outSize) * p.size + mem[p.indices + i]));`,
};

export const POOLING: Readonly<Record<string, NamedEntry>> = {
  maxPool: float((calls, [x, y, indices, planes, ...windows]) => {
    const n = planes * windows[2] * windows[3];
    calls.each(MAX, [x, y, indices, n, ...windows], n);
  }),
  maxPoolGradient: float((calls, [dy, indices, dx, planes, ...windows]) => {
    const n = planes * windows[0] * windows[1];
    calls.each(MAX_GRADIENT, [dy, indices, dx, n, ...windows], n);
  }),
  maxPoolGather: float((calls, [x, indices, y, planes, height, width, outHeight, outWidth]) => {
    const n = planes * outHeight * outWidth;
    calls.each(GATHER, [x, indices, y, n, height * width, outHeight * outWidth], n);
  }),
  windowSum: float((calls, [x, y, mode, divisor, planes, ...windows]) => {
    const n = planes * windows[2] * windows[3];
    calls.each(sumText(mode === 1), [x, y, n, divisor, ...windows], n);
  }),
  windowSumGradient: float((calls, [dy, dx, divisor, planes, ...windows]) => {
    const n = planes * windows[0] * windows[1];
    calls.each(SUM_GRADIENT, [dy, dx, n, divisor, ...windows], n);
  }),
};
