// What scripts/formulas.mjs takes for a formula in the prose of docstrings, and what it leaves alone.
import { describe, expect, it } from "vitest";
import { findFormulas, setFormulas } from "../../scripts/formulas.mjs";

function formulasOf(text: string): string[] {
  return findFormulas(text).map(({ start, end }) => text.slice(start, end));
}

describe("formulas in docstrings are found whole", () => {
  it.each([
    ["Square: y = x^2. Shape: that of x;", ["y = x^2"]],
    ["Gradient: 2 x dy.", ["2 x dy"]],
    ["Logistic function: y = 1 / (1 + e^-x). Shape: that of x", ["y = 1 / (1 + e^-x)"]],
    ["y = x sigmoid(x) (Elfwing et al. 2018). Shape", ["y = x sigmoid(x)"]],
    ["Gradient: dy s (1 + x (1 - s)) with s = sigmoid(x).", ["dy s (1 + x (1 - s))", "s = sigmoid(x)"]],
    [
      "with approximation tanh, x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, as",
      ["x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2"],
    ],
    ["Gradient: dy / (1 + |x|)^2.", ["dy / (1 + |x|)^2"]],
    ["y = x where x > 0, else alpha (e^x - 1) (Clevert et al. 2016)", ["y = x", "x > 0", "alpha (e^x - 1)"]],
    ["y = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x.", ["y = 2/sqrt(pi)", "e^(-t^2)"]],
    ["Gradients: dy / b, -dy a / b^2.", ["dy / b", "-dy a / b^2"]],
    ["y = a - b floor(a / b). Shapes and dtypes", ["y = a - b floor(a / b)"]],
    ["Gradients: dy b a^(b - 1), 0 where b is 0", ["dy b a^(b - 1)"]],
    ["Gradient: dy where low <= x <= high, else 0.", ["low <= x <= high"]],
    ["-(t ln p + (1 - t) ln(1 - p)), by default", ["-(t ln p + (1 - t) ln(1 - p))"]],
    ["-sum over classes of t ln softmax(z), by default its mean", ["-sum over classes of t ln softmax(z)"]],
    ["-ln p[class], mean over samples", ["-ln p[class]"]],
    ["Gradient by p: (p - t) / (n p (1 - p)), its divisors at least 1e-12", ["(p - t) / (n p (1 - p))"]],
    ["Relative error: |a - n| / max(1, |a|, |n|), a from backpropagation", ["|a - n| / max(1, |a|, |n|)"]],
    [
      "y = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel",
      ["y = gamma (x - mean) / sqrt(variance + epsilon) + beta"],
    ],
    [
      "m = b1 m + (1 - b1) g, p = p - r m' / (sqrt(v') + e), for a parameter p",
      ["m = b1 m + (1 - b1) g", "p = p - r m' / (sqrt(v') + e)"],
    ],
    [
      "y[n, f, i, j] = b[f] + sum over c, k, l of w[f, c, k, l] x[n, c, i s - p + k d, j s - p + l d].",
      ["y[n, f, i, j] = b[f] + sum over c, k, l of w[f, c, k, l] x[n, c, i s - p + k d, j s - p + l d]"],
    ],
    [
      "with out = floor((in + 2 p - d (kernel - 1) - 1) / s) + 1, or ceil(in / s) for",
      ["out = floor((in + 2 p - d (kernel - 1) - 1) / s) + 1", "ceil(in / s)"],
    ],
    ["h_t = f(W_x x_t + b_x + W_h h_(t-1) + b_h), f tanh by default", ["h_t = f(W_x x_t + b_x + W_h h_(t-1) + b_h)"]],
    [
      "One element for each index: y[i, j, k] = x[i, indices[i, j, k], k] (for axis 1).",
      ["y[i, j, k] = x[i, indices[i, j, k], k]"],
    ],
    ["int32 wraps around at 2^31.", ["2^31"]],
  ])("%s", (text, formulas) => {
    expect(formulasOf(text)).toEqual(formulas);
  });
});

describe("prose stays as it is", () => {
  it.each([
    "An int32 tensor or an array of whole numbers: these positions.",
    "Shapes: x [n, ...] to the same. No parameters.",
    "Shapes: x [n, in], W [in, out], b [out], y [n, out]",
    "Numbers evenly spaced, both ends included. Shape [count].",
    "A k-th order method, e.g. that of Nesterov, i.e. with momentum.",
    "The folder is ~/.cache/nabla; ~/Library/Caches/nabla on macOS.",
    "Gradient: 0 on the diagonal, and the sum over the rows elsewhere.",
    "Sums over axes, in a fixed order - the same on any number of threads.",
    "A 2 x 2 matrix of a batch of 3 images.",
    "Pages 2 - 3 and sections 4/5 of the book.",
    "Its error is at most 2.5 units in the last place in float64, and 0.51 in float32.",
    "running = momentum running + (1 - momentum) batch, from mean 0",
    "start + i step. Shape [count].",
    "Either read and/or write; on/off.",
    "a + (b - a) weight, exact where weight is 1",
    "A number in [0, 1), as arrays in C hold them.",
    "Throws a RangeError (see below) if an axis is missing.",
    "The mean over samples of the sum over outputs.",
    "As many as there are <b>bold</b> -> arrows => here.",
    "NumPy's x[indices] and x[...] for reading.",
    "Default true: the loss (mean), the accuracy (default) and a list.",
    "(Nielsen, section 3.3); (He et al. 2015)",
    "The learning rate falls by a factor of 10 every n epochs (default 5).",
  ])("%s", (text) => {
    expect(setFormulas([text])).toEqual([text]);
  });
});

describe("formulas become MathML", () => {
  it("with powers, fractions and roots; the stop behind it stays with it", () => {
    expect(setFormulas(["y = x^2."])).toEqual([
      "<math><mi>y</mi><mo>=</mo><msup><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></msup><mtext>.</mtext></math>",
    ]);
    expect(setFormulas(["y = 1/sqrt(x)"])).toEqual([
      "<math><mi>y</mi><mo>=</mo><mfrac><mrow><mn>1</mn></mrow><mrow><msqrt><mi>x</mi></msqrt></mrow></mfrac></math>",
    ]);
  });

  it("divides the product before a spaced slash, one factor before a close one", () => {
    const over = (text: string): string => /<mfrac><mrow>(.*?)<\/mrow><mrow><mi>b/.exec(setFormulas([text])[0])![1];
    expect(over("y = x a / b")).toBe("<mi>x</mi><mi>a</mi>");
    expect(over("y = x a/b")).toBe("<mi>a</mi>");
  });

  it("and so do their variables, alone in the sentence, but no others, no article and no shape", () => {
    const [text] = setFormulas(["y = a x. A number x, a shape [x, n], and n."]);
    expect(text).toMatch(/ A number <math><mi>x<\/mi><mtext>,<\/mtext><\/math> a shape \[x, n\], and n\.$/);
  });

  it("that no mark of Markdown is in", () => {
    for (const text of ["y = |x_1| * b[i] / c_(i - 1)", "m' < 3"])
      expect(setFormulas([text])[0]).not.toMatch(/[*_[\]|`]/);
  });

  it("over the end of a line, but not from one item of a list to the next", () => {
    expect(formulasOf("y = a + b")).toEqual(["y = a + b"]);
    expect(setFormulas(["y = x +\nb."])[0]).toMatch(/^<math>.*<\/math>$/);
    expect(setFormulas(["- y = x\n- z = b"])[0]).toMatch(/^- <math>.*<\/math>\n- <math>.*<\/math>$/);
  });
});
