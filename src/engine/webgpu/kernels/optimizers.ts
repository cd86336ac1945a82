// Optimisers' updates, each one pass over parameters, gradients and the method's state, as kernels/optimizer.ts and optimizer-moments.ts have
// them. Numbers that are the same for all elements are worked out once, in float64.
import { EACH, HALT, type KernelText } from "../shader.ts";
import { float, type NamedEntry } from "./named.ts";

/** A kernel over parameters x with gradient g; `state` names arrays that are kept, `lines` end with x. */
function update(name: string, state: readonly string[], numbers: string, lines: string): KernelText {
  const reads = state.map((each) => `  var ${each} = load(p.at_${each} + i);`).join("\n");
  const writes = state.map((each) => `  store(p.at_${each} + i, ${each});`).join("\n");
  const words = numbers.split(" ").map((word) => `${word}:f32`);
  return {
    name,
    parameters: `at_x at_g ${state.map((each) => `at_${each}`).join(" ")} n ${words.join(" ")}`,
    body: `${EACH}
  if (mem[${HALT}u] != 0u) { return; }
  var x = load(p.at_x + i);
  var g = load(p.at_g + i);
${reads}
${lines}
${writes}
  store(p.at_x + i, x);`,
  };
}

const DECAYED = "  if (p.decay != 0.0) { g = g + p.decay * x; }";

const SGD = update("sgd", [], "rate decay", `${DECAYED}\n  x = x - p.rate * g;`);
const MOMENTUM = update(
  "momentum",
  ["v"],
  "rate momentum decay",
  `${DECAYED}\n  v = p.momentum * v + g;\n  x = x - p.rate * v;`,
);
const NESTEROV = update(
  "nesterov",
  ["v"],
  "rate momentum decay",
  `${DECAYED}\n  v = p.momentum * v + g;\n  x = x - p.rate * (g + p.momentum * v);`,
);
const ADA_GRAD = update(
  "adaGrad",
  ["h"],
  "rate epsilon decay",
  `${DECAYED}\n  h = h + g * g;\n  x = x - p.rate * quotient(g, root(h) + p.epsilon);`,
);
const RMS_PROP = update(
  "rmsProp",
  ["h"],
  "rate kept fresh epsilon decay",
  `${DECAYED}\n  h = p.kept * h + p.fresh * (g * g);\n  x = x - p.rate * quotient(g, root(h) + p.epsilon);`,
);
const CENTRED = update(
  "centredRmsProp",
  ["h", "a"],
  "rate kept fresh epsilon decay",
  `${DECAYED}
  h = p.kept * h + p.fresh * (g * g);
  a = p.kept * a + p.fresh * g;
  x = x - p.rate * quotient(g, root(larger(h - a * a, 0.0)) + p.epsilon);`,
);
const ADA_DELTA = update(
  "adaDelta",
  ["h", "d"],
  "rate kept fresh epsilon decay",
  `${DECAYED}
  h = p.kept * h + p.fresh * (g * g);
  let change = quotient(root(d + p.epsilon), root(h + p.epsilon)) * g;
  d = p.kept * d + p.fresh * (change * change);
  x = x - p.rate * change;`,
);

/** `shrink` multiplies x beforehand: 1 where the decay is the gradient's. */
const ADAM_NUMBERS = "rate kept1 fresh1 kept2 fresh2 epsilon decay shrink correction";
const MEANS = `${DECAYED}
  x = x * p.shrink;
  m = p.kept1 * m + p.fresh1 * g;
  v = p.kept2 * v + p.fresh2 * (g * g);`;
const ADAM = update(
  "adam",
  ["m", "v"],
  ADAM_NUMBERS,
  `${MEANS}\n  x = x - p.rate * quotient(m, root(v) * p.correction + p.epsilon);`,
);
const AMS_GRAD = update(
  "amsGrad",
  ["m", "v", "w"],
  ADAM_NUMBERS,
  `${MEANS}\n  w = larger(w, v);\n  x = x - p.rate * quotient(m, root(w) * p.correction + p.epsilon);`,
);
const MIXED = update(
  "mixedAdam",
  ["m", "v"],
  "gradientRate meanRate kept1 fresh1 kept2 fresh2 epsilon decay correction",
  `${DECAYED}
  m = p.kept1 * m + p.fresh1 * g;
  v = p.kept2 * v + p.fresh2 * (g * g);
  x = x - quotient(p.gradientRate * g + p.meanRate * m, root(v) * p.correction + p.epsilon);`,
);
const LION = update(
  "lion",
  ["m"],
  "rate kept1 fresh1 kept2 fresh2 shrink",
  `  let direction = p.kept1 * m + p.fresh1 * g;
  m = p.kept2 * m + p.fresh2 * g;
  let change = select(select(withSign(p.rate, direction), 0.0, isZero(direction)), direction, isNan(direction));
  x = x * p.shrink - change;`,
);

/** A pass over one array. */
function alone(name: string, number: string, expression: string): KernelText {
  return {
    name,
    parameters: `x n ${number}:f32`,
    body: `${EACH}
  let x = load(p.x + i);
  store(p.x + i, ${expression});`,
  };
}

const CLIP = alone(
  "clipValue",
  "limit",
  "select(select(x, p.limit, above(x, p.limit)), negated(p.limit), above(negated(p.limit), x))",
);
const SCALE = alone("scale", "factor", "x * p.factor");
const SHRINK = alone("shrink", "amount", "x - select(withSign(p.amount, x), 0.0, isZero(x))");

/** An update whose values stand in the order of its numbers, but for those that `numbersOf` works out. */
function entry(text: KernelText, arrays: number, numbersOf: (...numbers: number[]) => number[]): NamedEntry {
  return float((calls, values) => {
    const n = values[arrays];
    calls.each(text, [...values.slice(0, arrays), n, ...numbersOf(...values.slice(arrays + 1))], n);
  });
}

type Numbers = (...numbers: number[]) => number[];
const asGiven: Numbers = (...numbers) => numbers;
const withRest: Numbers = (rate, kept, epsilon, decay) => [rate, kept, 1 - kept, epsilon, decay];
const adam =
  (decoupled: boolean): Numbers =>
  (rate, beta1, beta2, epsilon, decay, correction1, correction2) => [
    ...[rate / correction1, beta1, 1 - beta1, beta2, 1 - beta2, epsilon],
    ...[decoupled ? 0 : decay, decoupled ? 1 - rate * decay : 1, 1 / Math.sqrt(correction2)],
  ];

/** Gradients made as long as the limit, if they are longer. */
const SCALE_TO_NORM: KernelText = {
  name: "scaleToNorm",
  parameters: "x norm n limit:f32",
  body: `${EACH}
  let length = load(p.norm);
  if (isSpecial(length) || !(length > p.limit)) { return; }
  store(p.x + i, load(p.x + i) * (p.limit / length));`,
};

export const OPTIMIZERS: Readonly<Record<string, NamedEntry>> = {
  sgd: entry(SGD, 2, asGiven),
  momentum: entry(MOMENTUM, 3, asGiven),
  nesterov: entry(NESTEROV, 3, asGiven),
  adaGrad: entry(ADA_GRAD, 3, asGiven),
  rmsProp: entry(RMS_PROP, 3, withRest),
  centredRmsProp: entry(CENTRED, 4, withRest),
  adaDelta: entry(ADA_DELTA, 4, withRest),
  adam: entry(ADAM, 4, adam(false)),
  adamW: entry(ADAM, 4, adam(true)),
  amsGrad: entry(AMS_GRAD, 5, adam(false)),
  amsGradW: entry(AMS_GRAD, 5, adam(true)),
  mixedAdam: entry(MIXED, 4, (gradientRate, meanRate, beta1, beta2, epsilon, decay, correction) => [
    ...[gradientRate, meanRate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, decay, correction],
  ]),
  lion: entry(LION, 3, (rate, beta1, beta2, decay) => [rate, beta1, 1 - beta1, beta2, 1 - beta2, 1 - rate * decay]),
  scaleToNorm: float((calls, values) => calls.each(SCALE_TO_NORM, values, values[2])),
  clipValue: float((calls, values) => calls.each(CLIP, values, values[1])),
  scale: float((calls, values) => calls.each(SCALE, values, values[1])),
  shrink: float((calls, values) => calls.each(SHRINK, values, values[1])),
};
