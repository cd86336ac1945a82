import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose, goldenFound, readGolden } from "../../test/golden.ts";
import type { DType } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { Parameter, ParameterBlock } from "../nn/parameters.ts";
import { backward, Generator, memory, type Tensor, tensor, zeros } from "../node.ts";
import {
  AdaDelta,
  AdaGrad,
  Adam,
  AdamW,
  clipGradientNorm,
  clipGradientValues,
  gradientNorm,
  Lion,
  Momentum,
  NAdam,
  OPTIMIZERS,
  type Optimizer,
  optimizerByName,
  RAdam,
  RMSProp,
  SGD,
} from "./index.ts";

/** A block with the given parameters: name, starting values, whether weight decay applies. */
function blockOf(dtype: DType, ...parts: [name: string, values: readonly number[], decay?: boolean][]): ParameterBlock {
  const parameters = parts.map(
    ([name, values, decay]) =>
      new Parameter(name, [values.length], { initialiser: () => tensor([...values], dtype), decay: decay ?? true }),
  );
  return new ParameterBlock(parameters, dtype, new Generator(0));
}

/** As if backward had brought these gradients, one list a parameter. */
function giveGradients(block: ParameterBlock, ...gradients: (readonly number[])[]): void {
  block.parameters.forEach((parameter, i) => {
    const slot = parameter.tensor.node!.slot!;
    engine().write(slot.tensor, tensor([...gradients[i]!], block.dtype).dataSync());
    slot.fresh = false;
  });
}

const valuesOf = (block: ParameterBlock, i = 0): number[] => [...block.parameters[i].tensor.dataSync()];

interface GoldenRun {
  name: string;
  attrs: Record<string, number>;
  start: { data: number[] };
  gradients: { shape: [number, number]; data: number[] };
  trajectory: { data: number[] };
}

const runs = goldenFound ? readGolden<{ cases: GoldenRun[] }>("optimizer").cases : [];

describe.skipIf(!goldenFound)("trajectories as PyTorch computes them (skipped without the oracle)", () => {
  for (const dtype of ["float32", "float64"] as const) {
    it.each(runs)(`$name, ${dtype}`, ({ name, attrs, start, gradients, trajectory }) => {
      const optimizer = optimizerByName(name.split(" ")[0], attrs);
      const block = blockOf(dtype, ["w", start.data]);
      const [steps, n] = gradients.shape;
      for (let t = 0; t < steps; t++) {
        giveGradients(block, gradients.data.slice(t * n, (t + 1) * n));
        optimizer.step(block);
        expectClose(valuesOf(block), trajectory.data.slice(t * n, (t + 1) * n), `after step ${t}`);
      }
    });
  }
});

/** The formulas once more, for one number, as plain loops. Returns the updated p; `m` and `h` are the memory. */
type Rule = (p: number, g: number, s: Memory, o: Record<string, number>, t: number) => number;
interface Memory {
  a: number;
  b: number;
  c: number;
}

const rules: Record<string, Rule> = {
  sgd: (p, g, _, o) => p - o["r"] * g,
  momentum: (p, g, s, o) => {
    s.a = o["momentum"] * s.a + g;
    return p - o["r"] * s.a;
  },
  nesterov: (p, g, s, o) => {
    s.a = o["momentum"] * s.a + g;
    return p - o["r"] * (g + o["momentum"] * s.a);
  },
  adaGrad: (p, g, s, o) => {
    s.a += g * g;
    return p - (o["r"] * g) / (Math.sqrt(s.a) + o["epsilon"]);
  },
  rmsProp: (p, g, s, o) => {
    s.a = o["decay"] * s.a + (1 - o["decay"]) * g * g;
    return p - (o["r"] * g) / (Math.sqrt(s.a) + o["epsilon"]);
  },
  adaDelta: (p, g, s, o) => {
    s.a = o["decay"] * s.a + (1 - o["decay"]) * g * g;
    const x = (g * Math.sqrt(s.b + o["epsilon"])) / Math.sqrt(s.a + o["epsilon"]);
    s.b = o["decay"] * s.b + (1 - o["decay"]) * x * x;
    return p - o["r"] * x;
  },
  adam: (p, g, s, o, t) => {
    s.a = o["beta1"] * s.a + (1 - o["beta1"]) * g;
    s.b = o["beta2"] * s.b + (1 - o["beta2"]) * g * g;
    const mean = s.a / (1 - o["beta1"] ** t);
    return p - (o["r"] * mean) / (Math.sqrt(s.b / (1 - o["beta2"] ** t)) + o["epsilon"]);
  },
  "adam amsGrad": (p, g, s, o, t) => {
    s.a = o["beta1"] * s.a + (1 - o["beta1"]) * g;
    s.b = o["beta2"] * s.b + (1 - o["beta2"]) * g * g;
    s.c = Math.max(s.c, s.b);
    const mean = s.a / (1 - o["beta1"] ** t);
    return p - (o["r"] * mean) / (Math.sqrt(s.c / (1 - o["beta2"] ** t)) + o["epsilon"]);
  },
  nAdam: (p, g, s, o, t) => {
    const momentum = (i: number): number => o["beta1"] * (1 - 0.5 * 0.96 ** (i * 0.004));
    s.a = o["beta1"] * s.a + (1 - o["beta1"]) * g;
    s.b = o["beta2"] * s.b + (1 - o["beta2"]) * g * g;
    s.c = (t === 1 ? 1 : s.c) * momentum(t);
    const next = momentum(t + 1);
    const mixed = ((1 - momentum(t)) / (1 - s.c)) * g + (next / (1 - s.c * next)) * s.a;
    return p - (o["r"] * mixed) / (Math.sqrt(s.b / (1 - o["beta2"] ** t)) + o["epsilon"]);
  },
  rAdam: (p, g, s, o, t) => {
    s.a = o["beta1"] * s.a + (1 - o["beta1"]) * g;
    s.b = o["beta2"] * s.b + (1 - o["beta2"]) * g * g;
    const mean = s.a / (1 - o["beta1"] ** t);
    const correction = 1 - o["beta2"] ** t;
    const most = 2 / (1 - o["beta2"]) - 1;
    const length = most - (2 * t * o["beta2"] ** t) / correction;
    if (length <= 5) return p - o["r"] * mean;
    const rectified = Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length));
    return p - (o["r"] * mean * rectified * Math.sqrt(correction)) / (Math.sqrt(s.b) + o["epsilon"]);
  },
  lion: (p, g, s, o) => {
    const direction = o["beta1"] * s.a + (1 - o["beta1"]) * g;
    s.a = o["beta2"] * s.a + (1 - o["beta2"]) * g;
    return p - o["r"] * Math.sign(direction);
  },
  "rmsProp centred": (p, g, s, o) => {
    s.a = o["decay"] * s.a + (1 - o["decay"]) * g * g;
    s.b = o["decay"] * s.b + (1 - o["decay"]) * g;
    return p - (o["r"] * g) / (Math.sqrt(Math.max(0, s.a - s.b * s.b)) + o["epsilon"]);
  },
};

/** Every optimiser, and the options that change its formula. */
const FORMULAS = [...OPTIMIZERS, "adam amsGrad", "adamW amsGrad", "rmsProp centred"];

function named(formula: string): { name: string; option: Record<string, boolean> } {
  const [name, option] = formula.split(" ");
  return { name, option: option ? { [option]: true } : {} };
}

const SETTINGS: Record<string, readonly string[]> = {
  sgd: [],
  momentum: ["momentum"],
  nesterov: ["momentum"],
  adaGrad: ["epsilon"],
  rmsProp: ["decay", "epsilon"],
  adaDelta: ["decay", "epsilon"],
  adam: ["beta1", "beta2", "epsilon"],
  adamW: ["beta1", "beta2", "epsilon"],
  nAdam: ["beta1", "beta2", "epsilon"],
  rAdam: ["beta1", "beta2", "epsilon"],
  lion: ["beta1", "beta2"],
};

/** p after each step from [0.5, -1, 2], learning rate 0.1, gradients sin(1 + 3 t + i): by PyTorch; Lion by its paper's algorithm 2. NAdam's are
 * those of PyTorch 2: 1.13 counts u_t twice in U_(t+1). */
const TRAJECTORIES: Record<string, { options: Record<string, number>; steps: number[][] }> = {
  "adam amsGrad": {
    options: { beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.1 },
    steps: [
      [0.4000001122, -1.0999998764, 1.9000002932],
      [0.4002505556, -1.0754750913, 1.858810904],
      [0.3631350618, -1.0995138004, 1.7846469835],
      [0.3608361517, -1.0763193909, 1.7643511119],
      [0.3382100198, -1.0869562558, 1.7077746048],
      [0.331903088, -1.0650773989, 1.6961649948],
      [0.3188861293, -1.0695960244, 1.650335518],
      [0.307549419, -1.0490045244, 1.6427106626],
    ],
  },
  "adamW amsGrad": {
    options: { beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.1 },
    steps: [
      [0.3950001188, -1.08999989, 1.8800007086],
      [0.396871793, -1.0653564689, 1.9023573485],
      [0.3606184661, -1.0891818836, 1.8461610569],
      [0.3605157365, -1.0658206304, 1.8550447566],
      [0.3400426957, -1.0766974115, 1.8109938849],
      [0.3365433891, -1.0548493824, 1.8145503304],
      [0.3264052804, -1.0599822813, 1.7759417455],
      [0.3181577544, -1.0399368249, 1.7765632528],
    ],
  },
  nAdam: {
    options: { beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.1, momentumDecay: 0.01 },
    steps: [
      [0.3904663171, -1.1095336704, 1.8904665153],
      [0.4542037947, -1.025782245, 1.9105301881],
      [0.3881795359, -1.0916747428, 1.8024232577],
      [0.4318146762, -1.0169616416, 1.8525023173],
      [0.3825380621, -1.0757899927, 1.7432494283],
      [0.4058854718, -1.0042131024, 1.8030068601],
      [0.3798850987, -1.0567488677, 1.6963662961],
      [0.3716738887, -0.9902656625, 1.7587111833],
    ],
  },
  rAdam: {
    options: { beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1 },
    steps: [
      [0.4108529015, -1.0809297427, 1.9658879992],
      [0.4109940358, -1.0576197812, 1.9553285932],
      [0.3824672461, -1.0800760444, 1.924193069],
      [0.3807372817, -1.0573913712, 1.9152631292],
      [0.3658903159, -1.0677777044, 1.8839475768],
      [0.3653611302, -1.0659913087, 1.8827674218],
      [0.3639728055, -1.0664732232, 1.8775153015],
      [0.362484014, -1.0639611874, 1.8762135975],
    ],
  },
  "rmsProp centred": {
    options: { decay: 0.9, epsilon: 1e-6, weightDecay: 0.1 },
    steps: [
      [0.166667913, -1.3333319604, 1.6666699239],
      [0.3749569809, -1.0736574753, 1.7724230238],
      [0.1992788149, -1.2555437845, 1.4757503593],
      [0.3252999993, -1.061701786, 1.6415993775],
      [0.2164264282, -1.2043961164, 1.3901497344],
      [0.281952209, -1.0444386676, 1.5530578381],
      [0.2360773229, -1.1608185997, 1.3361808643],
      [0.2320711036, -1.0272872658, 1.4870526835],
    ],
  },
  lion: {
    options: { weightDecay: 0.1 },
    steps: [
      [0.395, -1.09, 1.88],
      [0.49105, -0.9791, 1.9612],
      [0.3861395, -1.069309, 1.841588],
      [0.482278105, -0.95861591, 1.92317212],
      [0.377455324, -1.0490297509, 1.8039403988],
      [0.4736807707, -0.9385394534, 1.8859009948],
      [0.368943963, -1.0291540589, 1.7670419849],
      [0.2652545234, -0.9188625183, 1.849371565],
    ],
  },
};

describe("trajectories of what grew out of Adam and RMSProp, as PyTorch computes them", () => {
  for (const dtype of ["float32", "float64"] as const) {
    it.each(Object.entries(TRAJECTORIES))(`%s, ${dtype}`, (formula, { options, steps }) => {
      const { name, option } = named(formula);
      const optimizer = optimizerByName(name, { ...options, ...option, learningRate: 0.1 });
      const block = blockOf(dtype, ["w", [0.5, -1, 2]]);
      for (const [t, expected] of steps.entries()) {
        giveGradients(
          block,
          [0, 1, 2].map((i) => Math.sin(1 + 3 * t + i)),
        );
        optimizer.step(block);
        valuesOf(block).forEach((p, i) => {
          expect(Math.abs(p - expected[i]), `p[${i}] after step ${t}`).toBeLessThan(dtype === "float64" ? 1e-10 : 1e-6);
        });
      }
    });
  }

  it("NAdam's momentum is right when a state is restored after many steps: U_t is a product from the first step on", () => {
    const [straight, resumed] = [new NAdam({ beta1: 0.99 }), new NAdam({ beta1: 0.99 })];
    const [a, b] = [blockOf("float64", ["w", [1]]), blockOf("float64", ["w", [1]])];
    for (let t = 0; t < 300; t++) {
      giveGradients(a, [Math.cos(t)]);
      straight.step(a);
    }
    resumed.restore(straight.state(), straight.slots());
    giveGradients(a, [0.5]);
    giveGradients(b, [0.5]);
    engine().write(b.parameters[0].tensor, a.parameters[0].tensor.dataSync());
    straight.step(a);
    resumed.step(b);
    expect(valuesOf(b)).toEqual(valuesOf(a));
  });
});

describe("formulas in float64, against plain loops over random settings, sizes and gradients", () => {
  const fraction = fc.double({ min: 0, max: 0.99, noNaN: true });
  const settings = fc.record({
    momentum: fraction,
    decay: fraction,
    beta1: fraction,
    beta2: fraction,
    // Not smaller: where a gradient and its weight decay cancel to rounding noise, a division by less would magnify it.
    epsilon: fc.double({ min: 1e-4, max: 0.1, noNaN: true }),
    r: fc.double({ min: 0, max: 0.5, noNaN: true }),
    weightDecay: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });
  const number = fc.integer({ min: -300, max: 300 }).map((hundredths) => hundredths / 100);
  it.each(FORMULAS)("%s, weight decay on the first parameter and not on the second", (formula) => {
    const { name, option } = named(formula);
    const decoupled = name === "adamW" || name === "lion";
    const rule = rules[formula.replace("adamW", "adam")];
    fc.assert(
      fc.property(
        settings,
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(number),
        fc.integer({ min: 1, max: 5 }),
        (o, n, numbers, steps) => {
          const draw = (): number[] => Array.from({ length: n }, () => numbers.next().value!);
          // The variance about the mean keeps its digits only where the memory is longer than a step.
          if (name === "rmsProp" && option["centred"]) o = { ...o, decay: 0.3 + 0.69 * o.decay };
          const own = Object.fromEntries(SETTINGS[name].map((key) => [key, o[key as keyof typeof o]]));
          const optimizer = optimizerByName(name, { ...own, ...option, learningRate: o.r, weightDecay: o.weightDecay });
          const values = [draw(), draw()];
          const block = blockOf("float64", ["w", values[0], true], ["b", values[1], false]);
          const memories = values.map((part) => part.map(() => ({ a: 0, b: 0, c: 0 })));
          for (let t = 1; t <= steps; t++) {
            const gradients = [draw(), draw()];
            giveGradients(block, ...gradients);
            optimizer.step(block);
            values.forEach((part, k) => {
              part.forEach((p, i) => {
                const decay = k === 0 ? o.weightDecay : 0;
                const g = gradients[k][i] + (decoupled ? 0 : decay * p);
                const from = decoupled ? p - o.r * decay * p : p;
                part[i] = rule(from, g, memories[k][i], o, t);
              });
            });
          }
          values.forEach((part, k) => {
            const got = valuesOf(block, k);
            part.forEach((p, i) => {
              expect(Math.abs(got[i] - p)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(p)));
            });
          });
          expect(optimizer.iterations).toBe(steps);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("what all optimisers share", () => {
  it("a state with parameter groups is not restored into an optimiser without them", () => {
    const frozen = { groups: [{ match: /weights/, learningRateFactor: 0 }] };
    const saved = optimizerByName("sgd", frozen).state();
    expect(saved.groups).toEqual(['/weights/ {"learningRateFactor":0}']);
    expect(() => optimizerByName("sgd", saved.config).restore(saved, {})).toThrow(
      /saved with parameter groups .*same groups/,
    );
    expect(() => optimizerByName("sgd", frozen).restore(JSON.parse(JSON.stringify(saved)), {})).not.toThrow();
  });

  it("counts a parameter that backward did not reach as gradient 0", () => {
    const block = blockOf("float64", ["used", [2]], ["unused", [5]]);
    backward(block.parameters[0].tensor.mul(3).sum());
    new SGD({ learningRate: 1 }).step(block);
    expect(valuesOf(block, 0)).toEqual([-1]);
    expect(valuesOf(block, 1)).toEqual([5]);
  });

  it("L1 by Nielsen's rule: w - r l1 sgn(w) - r g, with the sign of the old w, and sgn(0) = 0", () => {
    const block = blockOf("float64", ["w", [2, -2, 0.01, 0]], ["b", [1], false]);
    giveGradients(block, [1, 1, 1, 1], [1]);
    new SGD({ learningRate: 0.1, l1: 0.5 }).step(block);
    [2 - 0.05 - 0.1, -2 + 0.05 - 0.1, 0.01 - 0.05 - 0.1, -0.1].forEach((wanted, i) => {
      expect(valuesOf(block, 0)[i]).toBeCloseTo(wanted, 12);
    });
    expect(valuesOf(block, 1)).toEqual([0.9]);
  });

  it("L2 by Nielsen's rule: (1 - r lambda / n) w - r g", () => {
    const block = blockOf("float64", ["w", [2]]);
    giveGradients(block, [3]);
    new SGD({ learningRate: 0.5, weightDecay: 0.1 }).step(block);
    expect(valuesOf(block)[0]).toBeCloseTo((1 - 0.5 * 0.1) * 2 - 0.5 * 3, 12);
  });

  it("momentum with a constant rate is Nielsen's v = m v - r g, w = w + v, for any finite m", () => {
    for (const m of [-0.5, 0, 0.9, 1.1]) {
      const block = blockOf("float64", ["w", [1]]);
      const optimizer = new Momentum({ learningRate: 0.1, momentum: m });
      let [w, v] = [1, 0];
      for (let t = 0; t < 5; t++) {
        giveGradients(block, [2 * w]);
        optimizer.step(block);
        v = m * v - 0.1 * 2 * w;
        w += v;
        expect(valuesOf(block)[0]).toBeCloseTo(w, 12);
      }
    }
  });

  it("takes a learning rate that changes between steps, and refuses an impossible one", () => {
    const block = blockOf("float64", ["w", [0]]);
    const optimizer = new SGD({ learningRate: 1 });
    giveGradients(block, [1]);
    optimizer.step(block);
    optimizer.learningRate = 0.25;
    optimizer.step(block);
    expect(valuesOf(block)).toEqual([-1.25]);
    expect(() => {
      optimizer.learningRate = Number.NaN;
    }).toThrow("SGD: learningRate must be a finite number of at least 0, got NaN");
  });

  it("keeps memory flat, and its own memory out of the caller's scopes", () => {
    const block = blockOf("float32", ["w", [1, 2, 3]]);
    const optimizer = new Adam({ clipNorm: 1 });
    giveGradients(block, [1, 2, 3]);
    optimizer.step(block);
    const before = memory();
    for (let i = 0; i < 1000; i++) optimizer.step(block);
    expect(memory().tensors).toBe(before.tensors);
    expect(memory().bytes).toBe(before.bytes);
  });

  it("says that a graph from before a step can't be differentiated after it", () => {
    const block = blockOf("float32", ["w", [1]]);
    const loss = block.parameters[0].tensor.mul(block.parameters[0].tensor).sum();
    backward(loss);
    new SGD().step(block);
    expect(() => backward(loss)).toThrow("overwritten");
  });

  it("belongs to one block", () => {
    const optimizer = new Momentum();
    optimizer.step(blockOf("float32", ["w", [1]]));
    expect(() => optimizer.step(blockOf("float32", ["w", [1]]))).toThrow(
      "Momentum: this optimiser belongs to other parameters",
    );
  });

  it("steps a model without parameters", () => {
    const optimizer = new Adam({ clipNorm: 1, clipValue: 1 });
    optimizer.step(blockOf("float32"));
    expect(optimizer.iterations).toBe(1);
  });

  it("leaves the gaps between parameters at 0", () => {
    for (const { name, option } of FORMULAS.map(named)) {
      const block = blockOf("float32", ["w", [1]], ["b", [2], false]);
      const optimizer = optimizerByName(name, { ...option, weightDecay: 0.1, l1: 0.1 });
      for (let i = 0; i < 3; i++) {
        giveGradients(block, [1], [1]);
        optimizer.step(block);
      }
      expect([...block.values.dataSync()].filter((value) => value !== 0)).toHaveLength(2);
    }
  });
});

describe("clipping", () => {
  it("the norm of all gradients together is sqrt(3^2 + 4^2) = 5; parameters without gradient count as 0", () => {
    const block = blockOf("float32", ["a", [0]], ["b", [0], false], ["c", [7]]);
    giveGradients(block, [3], [4], [100]);
    block.parameters[2].tensor.node!.slot!.fresh = true;
    expect(gradientNorm(block)).toBe(5);
    expect(clipGradientNorm(block, 1)).toBe(5);
    expect(gradientNorm(block)).toBeCloseTo(1, 6);
    expect(clipGradientNorm(block, 2)).toBeCloseTo(1, 6);
    expect(gradientNorm(block)).toBeCloseTo(1, 6);
  });

  it.each([
    ["float32", 1e30],
    ["float32", 1e-30],
    ["float64", 1e200],
    ["float64", 1e-200],
  ] as const)("the norm of %s neither overflows nor vanishes where squares do: of (3, -4) times %d", (dtype, unit) => {
    const block = blockOf(dtype, ["a", [0, 0]]);
    giveGradients(block, [3 * unit, -4 * unit]);
    expect(gradientNorm(block) / (5 * unit)).toBeCloseTo(1, 6);
    clipGradientNorm(block, unit);
    expect(gradientNorm(block) / unit).toBeCloseTo(1, 6);
  });

  it("by value: each gradient to [-limit, limit]", () => {
    const block = blockOf("float64", ["a", [0, 0, 0]]);
    giveGradients(block, [-3, 0.5, 3]);
    clipGradientValues(block, 1);
    expect([...block.parameters[0].tensor.gradient!.dataSync()]).toEqual([-1, 0.5, 1]);
  });

  it("as options of an optimiser: by value first, then by norm, before weight decay", () => {
    const block = blockOf("float64", ["a", [10, 0]]);
    giveGradients(block, [30, 4]);
    new SGD({ learningRate: 1, clipValue: 3, clipNorm: 2.5, weightDecay: 0.1 }).step(block);
    // (30, 4) -> (3, 3) -> scaled to length 2.5
    const each = 2.5 / Math.SQRT2;
    expect(valuesOf(block)[0]).toBeCloseTo(10 - each - 1, 12);
    expect(valuesOf(block)[1]).toBeCloseTo(-each, 12);
  });

  it("by norm refuses gradients that are not finite, before anything has changed", () => {
    const block = blockOf("float32", ["a", [1, 2]]);
    const optimizer = new SGD({ clipNorm: 1 });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      giveGradients(block, [1, bad]);
      expect(gradientNorm(block)).toBe(bad);
      expect(() => optimizer.step(block)).toThrow(`SGD: the norm of the gradients is ${bad}`);
    }
    expect(valuesOf(block)).toEqual([1, 2]);
    expect(optimizer.iterations).toBe(0);
    expect(() => clipGradientNorm(block, 0)).toThrow("clipGradientNorm: limit must be a finite number above 0, got 0");
    expect(() => clipGradientValues(block, -1)).toThrow("clipGradientValues: limit");
  });
});

describe("parameter groups", () => {
  const parts: [string, number[], boolean?][] = [
    ["0.dense.weights", [1, 1], true],
    ["0.dense.bias", [1], false],
    ["1.dense.weights", [1], true],
    ["1.dense.bias", [1], false],
    ["2.dense.weights", [1], true],
  ];

  it("a learning rate and weight decay of their own; the first group that matches holds", () => {
    const block = blockOf("float64", ...parts);
    const optimizer = new SGD({
      learningRate: 0.1,
      weightDecay: 0.5,
      groups: [
        { match: /^1\./g, learningRateFactor: 0 },
        { match: /bias/, learningRateFactor: 2 },
        { parameters: [block.parameters[4], block.parameters[1]!], weightDecay: 0 },
      ],
    });
    for (let t = 0; t < 2; t++) {
      giveGradients(block, [1, 1], [1], [1], [1], [1]);
      optimizer.step(block);
    }
    const twice = (f: (p: number) => number): number => f(f(1));
    const wanted = [twice((p) => p - 0.1 * (1 + 0.5 * p)), 1 - 2 * 0.2, 1, 1, 1 - 2 * 0.1];
    wanted.forEach((value, i) => {
      for (const got of valuesOf(block, i)) expect(got).toBeCloseTo(value, 12);
    });
  });

  it("weight decay of a group applies to its biases too", () => {
    const block = blockOf("float64", ...parts);
    new SGD({ learningRate: 0.1, groups: [{ match: /bias/, weightDecay: 1 }] }).step(block);
    expect(parts.map((_, i) => valuesOf(block, i)[0])).toEqual([1, 0.9, 1, 0.9, 1]);
  });

  it("one group for all gives the same as none", () => {
    for (const name of OPTIMIZERS) {
      const results = [[], [{ match: /./, learningRateFactor: 1 }]].map((groups) => {
        const block = blockOf("float32", ...parts);
        const optimizer = optimizerByName(name as "sgd", { groups, weightDecay: 0.1 });
        for (let t = 0; t < 3; t++) {
          giveGradients(block, [1, -2], [3], [-4], [5], [6]);
          optimizer.step(block);
        }
        return [...block.values.dataSync()];
      });
      expect(results[1]).toEqual(results[0]);
    }
  });

  it("refuses groups that find nothing or are no groups", () => {
    const block = blockOf("float32", ...parts);
    expect(() => new SGD({ groups: [{ match: /conv/ }] }).step(block)).toThrow(
      "SGD: the model has no parameter that /conv/ finds; it has 0.dense.weights, 0.dense.bias",
    );
    expect(() => new SGD({ groups: [{}] })).toThrow("SGD: groups[0]: name its parameters by either");
    expect(() => new SGD({ groups: [{ match: /w/, weightDecay: -1 }] })).toThrow("SGD: groups[0]: weightDecay");
    expect(() => new SGD({ groups: [{ match: "w" as unknown as RegExp }] })).toThrow(
      "match must be a regular expression",
    );
  });
});

describe("state", () => {
  const gradient = (t: number): number[] => [Math.fround(0.3 * t - 1), Math.fround(1 / (t + 1)), -0.7];

  function train(optimizer: Optimizer, block: ParameterBlock, from: number, to: number): void {
    for (let t = from; t < to; t++) {
      giveGradients(block, gradient(t), [gradient(t)[0]!]);
      optimizer.learningRate = 0.1 / (t + 1);
      optimizer.step(block);
    }
  }

  const fresh = (): ParameterBlock => blockOf("float32", ["w", [1, -2, 3]], ["b", [0.5], false]);

  it.each(FORMULAS)("%s resumes to the same bits, through JSON", (formula) => {
    const { name, option } = named(formula);
    const options = { ...option, weightDecay: 0.01, l1: 0.001, clipNorm: 2, clipValue: 5 };
    const whole = fresh();
    train(optimizerByName(name, options), whole, 0, 8);

    const first = fresh();
    const saved = optimizerByName(name, options);
    expect(saved.slots()).toEqual({});
    train(saved, first, 0, 5);
    const state = JSON.parse(JSON.stringify(saved.state())) as ReturnType<Optimizer["state"]>;
    expect(state.iterations).toBe(5);
    const slots: Record<string, Tensor> = Object.fromEntries(
      Object.entries(saved.slots()).map(([key, x]) => [key, tensor(x)]),
    );
    for (const x of Object.values(slots)) expect(x.shape).toEqual([first.values.size]);

    const resumed = optimizerByName(state.type, state.config);
    resumed.restore(state, slots);
    expect(resumed.learningRate).toBe(saved.learningRate);
    expect(Object.keys(resumed.slots())).toEqual(Object.keys(slots));
    train(resumed, first, 5, 8);
    expect([...first.values.dataSync()]).toEqual([...whole.values.dataSync()]);
  });

  it("restores an optimiser that has stepped already, and copies what it is given", () => {
    const block = fresh();
    const optimizer = new Adam();
    const start = optimizer.state();
    train(optimizer, block, 0, 3);
    const [state, mean] = [optimizer.state(), tensor(optimizer.slots()["mean"])];
    const slots = { mean, variance: tensor(optimizer.slots()["variance"]) };
    train(optimizer, block, 3, 6);
    optimizer.restore(state, slots);
    train(optimizer, block, 3, 4);
    expect([...mean.dataSync()]).toEqual([...slots.mean.dataSync()]);
    optimizer.restore(start, {});
    expect(optimizer.iterations).toBe(0);
    expect([...optimizer.slots()["mean"].dataSync()].every((value) => value === 0)).toBe(true);
  });

  it("refuses the state of another type, of other settings, of another model", () => {
    const block = fresh();
    const adam = new Adam();
    train(adam, block, 0, 1);
    const [state, slots] = [adam.state(), adam.slots()];
    expect(() => new AdamW().restore(state, slots)).toThrow(
      'AdamW: restore: the state is of type "adam", the optimiser adamW',
    );
    expect(() => new Adam({ beta1: 0.5 }).restore(state, slots)).toThrow(
      "Adam: restore: the state was saved with beta1 0.9, the optimiser has 0.5",
    );
    expect(() => new Adam({ clipNorm: 1 }).restore(state, slots)).toThrow("saved with clipNorm undefined");
    expect(() => new Adam().restore(state, {})).toThrow("the slots are none, expected mean, variance");
    expect(() => new Adam().restore(state, { ...slots, velocity: zeros([1]) })).toThrow(
      "the slots are mean, variance, velocity",
    );
    expect(() => new Adam().restore(state, { mean: zeros([3]), variance: zeros([4]) })).toThrow(
      "slots are [block size]",
    );
    expect(() => new Adam().restore({ ...state, iterations: -1 }, slots)).toThrow("iterations");
    const other = new Adam();
    other.restore(state, { mean: zeros([3]), variance: zeros([3]) });
    expect(() => other.step(block)).toThrow("Adam: the restored mean has 3 float32 numbers, the parameters 32 float32");
    expect(() => adam.restore(state, { mean: zeros([3]), variance: zeros([3]) })).toThrow("the restored mean has 3");
    expect(adam.iterations).toBe(1);
  });
});

describe("bad settings", () => {
  it("names the optimiser, the setting and the value", () => {
    expect(() => new SGD({ learningRate: -1 })).toThrow("SGD: learningRate must be a finite number of at least 0");
    expect(() => new SGD({ learningRate: Number.POSITIVE_INFINITY })).toThrow("got Infinity");
    expect(() => new SGD({ learningRate: "0.1" as unknown as number })).toThrow('got "0.1"');
    expect(() => new SGD({ weightDecay: Number.NaN })).toThrow("SGD: weightDecay");
    expect(() => new SGD({ l1: -1 })).toThrow("SGD: l1");
    expect(() => new SGD({ clipNorm: 0 })).toThrow("SGD: clipNorm must be a finite number above 0, got 0");
    expect(() => new SGD({ clipValue: 0 })).toThrow("SGD: clipValue");
    expect(() => new SGD({ lr: 0.1 } as object)).toThrow(
      "SGD: there is no option lr (here it is learningRate); the options are learningRate",
    );
    expect(() => new Momentum({ momentum: Number.NaN })).toThrow("Momentum: momentum must be a finite number, got NaN");
    expect(() => new AdaGrad({ epsilon: 0 })).toThrow("AdaGrad: epsilon must be a finite number above 0, got 0");
    expect(() => new RMSProp({ decay: 1 })).toThrow("RMSProp: decay must be at least 0 and below 1, got 1");
    expect(() => new AdaDelta({ decay: -0.1 })).toThrow("AdaDelta: decay");
    expect(() => new Adam({ beta1: 1 })).toThrow("Adam: beta1");
    expect(() => new AdamW({ beta2: 2 })).toThrow("AdamW: beta2");
    expect(() => new Adam({ amsGrad: 1 as unknown as boolean })).toThrow("Adam: amsGrad must be true or false, got 1");
    expect(() => new RMSProp({ centred: "yes" as unknown as boolean })).toThrow(
      "RMSProp: centred must be true or false",
    );
    expect(() => new NAdam({ momentumDecay: -1 })).toThrow(
      "NAdam: momentumDecay must be a finite number of at least 0",
    );
    expect(() => new Lion({ epsilon: 1 } as object)).toThrow("Lion: there is no option epsilon");
    expect(() => new RAdam({ beta1: 1 })).toThrow("RAdam: beta1 must be at least 0 and below 1, got 1");
    expect(() => optimizerByName("adagrad")).toThrow(
      'optimizer: unknown name "adagrad" (did you mean adaGrad?); use one of sgd, momentum, nesterov, adaGrad',
    );
    expect(() => optimizerByName("toString")).toThrow('optimizer: unknown name "toString"; use one of');
    expect(() => new Adam({ epsilon: 1e-50 }).step(blockOf("float32", ["w", [1]]))).toThrow("is 0 in float32");
    new Adam({ epsilon: 1e-50 }).step(blockOf("float64", ["w", [1]]));
  });
});
