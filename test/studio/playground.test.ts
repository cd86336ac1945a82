// The playground's parts that need no page: formulas, data sets, the session that trains, and the program that it is exported as.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPTIMIZERS } from "../../src/optim/index.ts";
import { isPlain, readDeeds, writeDeeds } from "../../studio/src/playground/account.ts";
import { pointsFromCsv } from "../../studio/src/playground/csv-points.ts";
import { programOf } from "../../studio/src/playground/export-code.ts";
import { FormulaError, parseFormula } from "../../studio/src/playground/expression.ts";
import {
  classesOf,
  EDGE,
  makePoints,
  type PointSettings,
  readPoints,
  writePoints,
} from "../../studio/src/playground/points.ts";
import { type NetworkSettings, Session, type TrainingSettings } from "../../studio/src/playground/session.ts";
import { temporaryFolder } from "../cli/run.ts";

describe("formulas", () => {
  test.each([
    ["2 + 3 * 4", 14],
    ["2^3^2", 512],
    ["-2^2", -4],
    ["(1 + 2)(3)", 9],
    ["2x", 6],
    ["x y − x1 / x2", 10.5],
    ["3 sin(pi / 2)", 3],
    ["min(x, y, 1)", 1],
    ["e^0 + .5e1", 6],
    ["--x", 3],
  ])("%s", (source, value) => {
    expect(parseFormula(source, 2)(3, 4) - (source === "x y − x1 / x2" ? 0.75 : 0)).toBeCloseTo(value, 12);
  });

  test.each([
    ["", "something is missing at the end", 0],
    ["x +", "something is missing at the end", 3],
    ["foo(x)", '"foo" is unknown', 0],
    ["y", '"y" is unknown', 0],
    ["sin x", '"(" is missing', 4],
    ["(x", '")" is missing', 2],
    ["x ? 1", '"?" is not understood', 1],
    ["sin(x, x)", "sin takes one value", 0],
    ["constructor(1)", '"constructor" is unknown', 0],
    ["(".repeat(200), "nested too deeply", 101],
  ])("%s is refused: %s", (source, message, at) => {
    const error = (() => {
      try {
        parseFormula(source, 1);
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(FormulaError);
    expect((error as FormulaError).message).toContain(message);
    expect((error as FormulaError).says.zh).toMatch(/[\u4e00-\u9fff]/);
    expect((error as FormulaError).at).toBeGreaterThanOrEqual(at);
  });

  test("whatever is typed, it is a function or a FormulaError", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (source) => {
        try {
          expect(typeof parseFormula(source, 2)(1, 2)).toBe("number");
        } catch (error) {
          expect(error).toBeInstanceOf(FormulaError);
        }
      }),
    );
  });
});

const circle: PointSettings = {
  problem: "classes",
  set: "circle",
  classes: 2,
  count: 200,
  noise: 0,
  seed: 1,
  formula: "x",
  own: [],
};

describe("data sets", () => {
  test.each(["circle", "xor", "gauss", "spiral", "moons", "function"] as const)(
    "%s: as many of each class, inside the square",
    (set) => {
      const points = makePoints({ ...circle, set, noise: 30 });
      expect(points).toHaveLength(200);
      expect(points.every(({ x, y }) => Math.abs(x) <= EDGE && Math.abs(y) <= EDGE)).toBe(true);
      const ones = points.filter(({ label }) => label === 1).length;
      if (set !== "function") expect(ones).toBe(100);
      expect(points.every(({ label }) => label === 0 || label === 1)).toBe(true);
      expect(makePoints({ ...circle, set, noise: 30 })).toEqual(points);
      expect(makePoints({ ...circle, set, noise: 30, seed: 2 })).not.toEqual(points);
    },
  );

  test("without noise a circle separates its rings, xor its diagonals, a function its sides", () => {
    const radius = makePoints(circle).map(({ x, y, label }) => ({ r: Math.hypot(x, y), label }));
    expect(Math.max(...radius.filter(({ label }) => label === 0).map(({ r }) => r))).toBeLessThan(
      Math.min(...radius.filter(({ label }) => label === 1).map(({ r }) => r)),
    );
    for (const { x, y, label } of makePoints({ ...circle, set: "xor" })) expect(x * y > 0).toBe(label === 0);
    for (const { x, y, label } of makePoints({ ...circle, set: "function", formula: "2 sin(x)" })) {
      expect(y > 2 * Math.sin(x)).toBe(label === 1);
    }
  });

  test("five classes where a set has them, two where it has not", () => {
    expect(new Set(makePoints({ ...circle, set: "spiral", classes: 5 }).map(({ label }) => label)).size).toBe(5);
    expect(classesOf({ ...circle, set: "spiral", classes: 5 })).toBe(5);
    expect(classesOf({ ...circle, set: "moons", classes: 5 })).toBe(2);
  });

  test("values: the plane is (x + y) / 10, a formula is what it says", () => {
    for (const { x, y, label } of makePoints({ ...circle, problem: "values", set: "plane" }))
      expect(label).toBeCloseTo(Math.max(-1, Math.min(1, (x + y) / 10)), 6);
    for (const { x, y, label } of makePoints({ ...circle, problem: "values", set: "function", formula: "x y / 36" }))
      expect(label).toBeCloseTo((x * y) / 36, 6);
  });

  test("where a formula has no value there is no point, and where it hardly has one it is refused", () => {
    const values = makePoints({ ...circle, problem: "values", set: "function", formula: "log(x)" });
    expect(values).toHaveLength(circle.count);
    expect(values.every(({ x, label }) => x > 0 && Number.isFinite(label))).toBe(true);
    const sides = makePoints({ ...circle, set: "function", formula: "sqrt(x)" });
    expect(sides.every(({ x }) => x >= 0)).toBe(true);
    expect(() => makePoints({ ...circle, problem: "values", set: "function", formula: "sqrt(-1)" })).toThrow(
      FormulaError,
    );
  });

  test("own points that were set as values are classes from 0 to 7, and the reverse; so is what an address says", () => {
    const own = readPoints("1,1,-1;2,2,0.4;3,3,1;4,4,1000000;5,5,2.5");
    const classes: PointSettings = { ...circle, set: "own", own };
    expect(makePoints(classes).map(({ label }) => label + 0)).toEqual([0, 0, 1, 7, 3]);
    expect(classesOf(classes)).toBe(8);
    const values = makePoints({ ...classes, problem: "values" });
    expect(values.map(({ label }) => label)).toEqual([-1, 0.4, 1, 1, 1]);
  });

  test("points in an address come back; what is no point is left out", () => {
    const points = [
      { x: 1.25, y: -3, label: 1 },
      { x: 0, y: 5.5, label: 0 },
    ];
    expect(readPoints(writePoints(points))).toEqual(points);
    expect(readPoints("1,2;a,b,c;1,2,3,4;7,0,1;")).toEqual([{ x: 6, y: 0, label: 1 }]);
  });

  test("a table: two columns of numbers and a class, brought to the plane", async () => {
    const { points, classes, columns } = await pointsFromCsv(
      "name,a,b,kind\np,0,10,cat\nq,10,20,dog\nr,5,15,cat\n",
      "classes",
    );
    expect(classes).toEqual(["cat", "dog"]);
    expect(columns).toEqual(["a", "b", "kind"]);
    expect(points).toEqual([
      { x: -5.4, y: -5.4, label: 0 },
      { x: 5.4, y: 5.4, label: 1 },
      { x: 0, y: 0, label: 0 },
    ]);
    // "x,y,类别" with the classes 猫 and 狗, as a spreadsheet writes it on a Chinese system: in GBK.
    const gbk = Uint8Array.of(
      ...[120, 44, 121, 44, 0xc0, 0xe0, 0xb1, 0xf0, 10, 49, 44, 50, 44, 0xc3, 0xa8, 10, 51, 44, 52, 44, 0xb9, 0xb7, 10],
    );
    expect(await pointsFromCsv(gbk, "classes")).toMatchObject({ classes: ["狗", "猫"], columns: ["x", "y", "类别"] });
    await expect(pointsFromCsv("a,b\n1,2\n", "classes")).rejects.toThrow("three columns are needed");
    await expect(pointsFromCsv("a,b,c\n1,x,k\n2,y,l\n", "classes")).rejects.toThrow(
      "two columns of numbers are needed",
    );
    await expect(pointsFromCsv("a,b,c\n1,2,k\n2,3,k\n", "classes")).rejects.toThrow("one class only");
  });
});

const network: NetworkSettings = {
  ...{ points: makePoints(circle), classes: 2, split: 50, features: ["x1", "x2"], layers: [4, 2] },
  ...{ activation: "tanh", initialiser: "default", seed: 3 },
};
const training: TrainingSettings = { optimizer: "sgd", learningRate: 0.1, momentum: 0.9, l1: 0, l2: 0, batchSize: 10 };
const forever = 1e9;

describe("a session", () => {
  test("learns the circle", () => {
    const session = new Session(network, training);
    expect(session.frame().trainAccuracy).toBeLessThan(0.8);
    session.advance(3000, forever);
    const frame = session.frame();
    expect(frame.step).toBe(3000);
    expect(frame.epoch).toBe(300);
    expect(frame.trainAccuracy).toBeGreaterThan(0.96);
    // A hundred test points of two neat rings; a network of six units leaves a corner to guess.
    expect(frame.testAccuracy).toBeGreaterThan(0.8);
    expect(frame.gradients).toHaveLength(3);
    // The answer at the centre and in a corner: class 0 inside, class 1 outside.
    expect(frame.answer[72 * 36 + 36]).toBeLessThan(-0.5);
    expect(frame.answer[0]).toBeGreaterThan(0.5);
  });

  test("goes back in time and on again to the same bits", () => {
    const session = new Session(network, { ...training, optimizer: "momentum", learningRate: 0.01 });
    session.advance(120, forever);
    session.advance(180, forever);
    const first = session.frame();
    session.goTo(120);
    expect(session.frame().step).toBe(120);
    session.advance(180, forever);
    expect(session.frame().layers).toEqual(first.layers);
    session.goTo(0);
    expect(session.frame().step).toBe(0);
  });

  test("a thousand moments are thinned to a few hundred, the last among them", () => {
    const session = new Session(network, training);
    for (let i = 0; i < 1000; i++) session.advance(2, forever);
    const { curves } = session.frame();
    expect(curves!.steps.length).toBeLessThanOrEqual(401);
    expect(curves!.steps.length).toBeGreaterThan(100);
    expect(curves!.steps[0]).toBe(0);
    expect(curves!.steps.at(-1)).toBe(2000);
  });

  test("numbers that blow up: it says so, stands, and goes back to where it was good", () => {
    const wild = new Session(
      {
        ...network,
        activation: "relu",
        layers: [8, 8],
        features: ["x1²", "x2²"],
        classes: 1,
        points: makePoints({ ...circle, problem: "values", set: "plane" }),
      },
      { ...training, learningRate: 3 },
    );
    wild.advance(2000, forever);
    const frame = wild.frame();
    expect(frame.blown).toBeDefined();
    const { step } = frame;
    wild.advance(10, forever);
    expect(wild.frame().step).toBe(step);
    wild.goToLastGood();
    const back = wild.frame();
    expect(back.blown).toBeUndefined();
    expect(back.step).toBe(frame.blown!.goodStep);
    expect(Number.isFinite(back.trainLoss)).toBe(true);
    wild.change({ ...training, learningRate: 0.001 });
    wild.advance(50, forever);
    expect(wild.frame().blown).toBeUndefined();
  });

  test.each(OPTIMIZERS)("%s changes to and fro", (optimizer) => {
    const session = new Session(network, { ...training, optimizer, learningRate: 0.01 });
    session.advance(5, forever);
    session.change({ ...training, optimizer, learningRate: 0.01, l1: 0.001 });
    session.advance(5, forever);
    session.goTo(5);
    session.advance(5, forever);
    expect(session.frame().step).toBe(10);
    expect(Number.isFinite(session.frame().trainLoss)).toBe(true);
  });

  test("what was done stands in an address, and is done again to the same bits", () => {
    const session = new Session(network, { ...training, optimizer: "momentum", learningRate: 0.01 });
    session.advance(40, forever);
    session.change({ ...training, optimizer: "momentum", learningRate: 0.1 / 3 });
    session.advance(25, forever);
    session.setWeight(1, 2, 1, 0.1 + 0.2);
    session.setWeight(0, "bias", 3, -0.5);
    session.advance(10, forever);
    session.change({ ...training, optimizer: "adam", learningRate: 1e-7, l2: 0.001, batchSize: 25 });
    session.advance(5, forever);
    const { deeds, layers } = session.frame();
    const text = writeDeeds(deeds);
    expect(text).toBe(
      "c*momentum*0.01*0.9*0*0*10_40_c*momentum*0.03333333333333333*0.9*0*0*10_25_w1*2*1*0.30000000000000004_w0*bias*3*-0.5_10_c*adam*1e-7*0.9*0*0.001*25_5",
    );
    // An address takes it as it is.
    expect(new URLSearchParams({ did: text }).toString()).toBe(`did=${text}`);
    const read = readDeeds(text, OPTIMIZERS)!;
    expect(read).toEqual(deeds);
    const [first, ...rest] = read;
    const again = new Session(network, (first as { settings: TrainingSettings }).settings);
    // In whatever pieces.
    for (const _ of again.again(rest, 0)) void _;
    expect(again.frame().layers).toEqual(layers);
    expect(again.frame().deeds).toEqual(deeds);
  });

  test.each([
    "",
    "40",
    "c*sgd*0.1*0.9*0*0",
    "c*sgd*x*0.9*0*0*10",
    "c*other*0.1*0.9*0*0*10",
    "c*sgd*0.1*0.9*0*0*10_-3",
    "c*sgd*0.1*0.9*0*0*10_w0*1*2",
    "c*sgd*0.1*0.9*0*0*10_w0*1*2*Infinity",
    "c*sgd*0.1*0.9*0*0*0",
    "c*sgd*0.1*0.9*0*0*10__5",
  ])("an account that can't be read is none: %j", (text) => {
    expect(readDeeds(text, OPTIMIZERS)).toBeUndefined();
  });

  test("settings changed before the first step were never others; a rate changed twice was changed once", () => {
    const session = new Session(network, training);
    session.change({ ...training, learningRate: 0.2 });
    session.change({ ...training, optimizer: "adam", learningRate: 0.2 });
    session.advance(3, forever);
    expect(isPlain(session.frame().deeds)).toBe(true);
    session.change({ ...training, optimizer: "adam", learningRate: 0.3 });
    session.change({ ...training, optimizer: "adam", learningRate: 0.4 });
    expect(writeDeeds(session.frame().deeds)).toBe("c*adam*0.2*0.9*0*0*10_3_c*adam*0.4*0.9*0*0*10");
    const direct = new Session(network, { ...training, optimizer: "adam", learningRate: 0.2 });
    direct.advance(3, forever);
    expect(session.frame().layers).toEqual(direct.frame().layers);
  });

  test("goes back to where the same was done, though other things were done at the same step", () => {
    const session = new Session(network, training);
    session.advance(7, forever);
    const before = session.frame();
    session.setWeight(0, 0, 0, 5);
    expect(session.goBackTo(before.deeds)).toBe(true);
    expect(session.frame().layers).toEqual(before.layers);
    expect(
      session.goBackTo([
        { kind: "settings", settings: training },
        { kind: "steps", count: 8 },
      ]),
    ).toBe(false);
  });

  test("an account of another network does what it can", () => {
    const session = new Session(network, training);
    for (const _ of session.again(
      [
        { kind: "weight", layer: 7, from: 0, to: 0, value: 1 },
        { kind: "weight", layer: 0, from: 9, to: 0, value: 1 },
        { kind: "steps", count: 2 },
      ],
      100,
    ))
      void _;
    expect(session.frame().step).toBe(2);
  });

  test("a weight that is set is the network's", () => {
    const session = new Session(network, training);
    session.setWeight(0, 1, 2, 0.75);
    session.setWeight(2, "bias", 0, -1.5);
    const { layers } = session.frame();
    expect(layers[0].weights[1 * 4 + 2]).toBe(0.75);
    expect(layers[2].bias[0]).toBe(-1.5);
  });

  test("more than two classes, and values", () => {
    const spiral = new Session(
      { ...network, points: makePoints({ ...circle, set: "gauss", classes: 4 }), classes: 4 },
      training,
    );
    spiral.advance(1500, forever);
    expect(spiral.frame().trainAccuracy).toBeGreaterThan(0.95);
    const plane = new Session(
      { ...network, points: makePoints({ ...circle, problem: "values", set: "plane" }), classes: 1 },
      training,
    );
    plane.advance(2000, forever);
    expect(plane.frame().trainLoss).toBeLessThan(0.005);
    expect(plane.frame().trainAccuracy).toBeNaN();
  });
});

describe("the exported program", () => {
  const folder = temporaryFolder();

  function ending(session: Session): { loss: number; parameters: unknown[] } {
    const source = programOf(session.account()).replace(
      'from "nabla"',
      `from ${JSON.stringify(fileURLToPath(new URL("../../dist/node.js", import.meta.url)))}`,
    );
    const file = join(folder, `program-${Math.random().toString(36).slice(2)}.ts`);
    writeFileSync(file, source);
    // TypeScript's types are taken off as any bundler does.
    const script = `
      const { transformSync } = await import("rolldown/experimental");
      const { readFileSync, writeFileSync } = await import("node:fs");
      const { code, errors } = transformSync(${JSON.stringify(file)}, readFileSync(${JSON.stringify(file)}, "utf8"));
      if (errors?.length) throw new Error(JSON.stringify(errors));
      writeFileSync(${JSON.stringify(file.replace(/ts$/, "mjs"))}, code);
      await import(${JSON.stringify(file.replace(/ts$/, "mjs"))});`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
    });
    expect(stderr.replace(/.*ExperimentalWarning.*\n.*\n/, "")).toBe("");
    expect(status).toBe(0);
    const [first, ...lines] = stdout.trim().split("\n");
    return { loss: Number(first.split(" ")[1]), parameters: lines.map((line) => JSON.parse(line)) };
  }

  function expectSame(session: Session): void {
    const { loss, parameters } = ending(session);
    const frame = session.frame();
    expect(loss).toBeCloseTo(frame.trainLoss, 5);
    const flat = parameters.map((values) => Float32Array.from((values as number[][]).flat(2)));
    expect(flat).toEqual(frame.layers.flatMap(({ weights, bias }) => [weights, bias]));
  }

  test("trains to the same bits: settings changed on the way, a weight set, time gone back", () => {
    const session = new Session(network, { ...training, optimizer: "adam", learningRate: 0.01 });
    session.advance(40, forever);
    session.change({ ...training, optimizer: "adam", learningRate: 0.02 });
    session.advance(35, forever);
    session.setWeight(1, 0, 1, 0.5);
    session.advance(5, forever);
    session.advance(15, forever);
    session.goTo(80);
    session.change({ ...training, optimizer: "adam", learningRate: 0.02, l2: 0.001, batchSize: 25 });
    session.advance(13, forever);
    session.change({ ...training, optimizer: "momentum", learningRate: 0.02 });
    session.advance(10, forever);
    expectSame(session);
  });

  test("values, and features that are functions", () => {
    const points = makePoints({ ...circle, problem: "values", set: "hills" });
    const session = new Session(
      {
        ...network,
        points,
        classes: 1,
        features: ["x1x2", "sin x1", "x2²"],
        initialiser: "xavierUniform",
        activation: "relu",
      },
      training,
    );
    session.advance(60, forever);
    expectSame(session);
  });
});
