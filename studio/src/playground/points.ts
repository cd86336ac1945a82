// Points in the plane, with a class or a value each: what the playground's networks learn from. All lie in the square from -6 to 6.
import { philoxStream } from "../../../src/data/philox.ts";
import { FormulaError, parseFormula } from "./expression.ts";

export const EDGE = 6;
export const MOST_CLASSES = 8;

/** Which of a seed's streams these points are drawn from. */
const PURPOSE = 0x706c6179;

export const CLASS_SETS = ["circle", "xor", "gauss", "spiral", "moons", "function", "own"] as const;
export const VALUE_SETS = ["plane", "hills", "function", "own"] as const;
export type Problem = "classes" | "values";
export type SetName = (typeof CLASS_SETS)[number] | (typeof VALUE_SETS)[number];

export interface PointSettings {
  readonly problem: Problem;
  readonly set: SetName;
  readonly classes: number;
  readonly count: number;
  /** 0 to 100: how far points stray, in per cent of the data's own size. */
  readonly noise: number;
  readonly seed: number;
  /** y > f(x) for classes; z = f(x, y) for values. */
  readonly formula: string;
  readonly own: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** A class from 0 on, or a value from -1 to 1. */
  readonly label: number;
}

type Draw = (i: number) => Point;

/** Draws of a point, after which a formula counts as having no value. */
const MOST_DRAWS = 200;

/** @throws FormulaError for a formula that can't be read, or has hardly a value in the square */
export function makePoints(settings: PointSettings): Point[] {
  if (settings.set === "own") return ownPoints(settings);
  const { count, noise, seed, problem } = settings;
  const random = philoxStream(seed);
  random.seek(0, PURPOSE);
  const uniform = (low: number, high: number): number => low + (high - low) * random.uniform();
  const normal = (): number => random.bell();
  const stray = (size: number): number => ((noise / 100) * size * normal()) / 2;
  const draw = problem === "classes" ? classSet(settings, uniform, normal, stray) : valueSet(settings, uniform, stray);
  // Where a formula has no value (log x to the left of 0) there is nothing to learn.
  const drawn = (i: number): Point => {
    for (let draws = 0; draws < MOST_DRAWS; draws++) {
      const point = draw(i);
      if (!Number.isNaN(point.label)) return point;
    }
    throw new FormulaError("the formula has hardly a value in the square", "公式在图中几乎处处没有值", 0);
  };
  const points = Array.from({ length: count }, (_, i) => drawn(i));
  return points.map(({ x, y, label }) => ({ x: clamp(x), y: clamp(y), label }));
}

/** Classes count from 0, values go from -1 to 1: points that were set for the other problem, or came from an address, are brought there. */
function ownPoints({ own, problem }: PointSettings): Point[] {
  const [low, high] = problem === "classes" ? [0, MOST_CLASSES - 1] : [-1, 1];
  return own.map(({ x, y, label }) => {
    const inside = Math.max(low, Math.min(high, label));
    return { x, y, label: problem === "classes" ? Math.round(inside) : inside };
  });
}

function clamp(value: number): number {
  return Math.max(-EDGE, Math.min(EDGE, Math.fround(value)));
}

function classSet(
  { set, classes, noise, formula }: PointSettings,
  uniform: (low: number, high: number) => number,
  normal: () => number,
  stray: (size: number) => number,
): Draw {
  const turn = (angle: number, radius: number): { x: number; y: number } => ({
    x: radius * Math.sin(angle),
    y: radius * Math.cos(angle),
  });
  switch (set) {
    case "circle":
      // Rings, one a class, with a gap between them.
      return (i) => {
        const label = i % classes;
        const ring = 5 / (2 * classes - 1);
        const { x, y } = turn(uniform(0, 2 * Math.PI), 2 * label * ring + uniform(0, ring));
        return { x: x + stray(2.5), y: y + stray(2.5), label };
      };
    case "xor":
      // A chessboard of 2 by 2 fields; with more classes the diagonals go on counting.
      return (i) => {
        const label = i % 2;
        const side = (): number => uniform(0.3, 5);
        const [x, y] = [(uniform(0, 1) < 0.5 ? -1 : 1) * side(), side()];
        const upper = label === 0 ? Math.sign(x) : -Math.sign(x);
        return { x: x + stray(2.5), y: upper * y + stray(2.5), label };
      };
    case "gauss":
      return (i) => {
        const label = i % classes;
        const centre = turn((2 * Math.PI * label) / classes + Math.PI / 4, classes === 2 ? 2.8 : 3.4);
        const spread = 0.5 + (1.5 * noise) / 100 + 0.3;
        return { x: centre.x + spread * normal(), y: centre.y + spread * normal(), label };
      };
    case "spiral":
      return (i) => {
        const label = i % classes;
        const along = uniform(0, 1);
        const { x, y } = turn(1.75 * along * 2 * Math.PI + (2 * Math.PI * label) / classes, 5 * along);
        return { x: x + stray(1.2), y: y + stray(1.2), label };
      };
    case "moons":
      return (i) => {
        const label = i % 2;
        const angle = uniform(0, Math.PI);
        const sign = label === 0 ? 1 : -1;
        return {
          x: 3 * Math.cos(angle) * sign + (label === 0 ? -1.5 : 1.5) + stray(2),
          y: 3 * Math.sin(angle) * sign + (label === 0 ? -0.75 : 0.75) + stray(2),
          label,
        };
      };
    case "function": {
      const f = parseFormula(formula, 1);
      return () => {
        const [x, y] = [uniform(-EDGE, EDGE), uniform(-EDGE, EDGE)];
        const [height, edge] = [y + stray(2.5), f(x, 0)];
        return { x, y, label: Number.isNaN(edge) ? Number.NaN : height > edge ? 1 : 0 };
      };
    }
    default:
      throw new FormulaError(`there is no data set ${set} with classes`, `没有带类别的数据集 ${set}`, 0);
  }
}

function valueSet(
  { set, formula }: PointSettings,
  uniform: (low: number, high: number) => number,
  stray: (size: number) => number,
): Draw {
  const value = heightBy(set, formula);
  return () => {
    const [x, y] = [uniform(-EDGE, EDGE), uniform(-EDGE, EDGE)];
    return { x, y, label: Math.max(-1, Math.min(1, value(x, y) + stray(0.6))) };
  };
}

const HILLS = [
  [-4, 2.5, 1],
  [0, 2.5, -1],
  [4, 2.5, 1],
  [-4, -2.5, -1],
  [0, -2.5, 1],
  [4, -2.5, -1],
] as const;

function heightBy(set: SetName, formula: string): (x: number, y: number) => number {
  if (set === "plane") return (x, y) => (x + y) / 10;
  if (set === "hills") {
    return (x, y) =>
      HILLS.reduce((sum, [a, b, sign]) => {
        const rise = sign * Math.max(0, 1 - Math.hypot(x - a, y - b) / 2);
        return Math.abs(rise) > Math.abs(sum) ? rise : sum;
      }, 0);
  }
  return parseFormula(formula, 2);
}

/** How many classes a set of points has. */
export function classesOf(settings: PointSettings): number {
  if (settings.problem === "values") return 1;
  if (settings.set === "own") return Math.max(2, ...ownPoints(settings).map(({ label }) => 1 + label));
  return ["xor", "moons", "function"].includes(settings.set) ? 2 : settings.classes;
}

/** "x,y,label;..." with two decimals: points in an address. */
export function writePoints(points: readonly Point[]): string {
  return points.map(({ x, y, label }) => [x, y, label].map((value) => Number(value.toFixed(2))).join(",")).join(";");
}

/** What can't be read as a point is left out. */
export function readPoints(text: string): Point[] {
  return text.split(";").flatMap((part) => {
    const [x, y, label, ...more] = part.split(",").map(Number);
    const good = part !== "" && more.length === 0 && [x, y, label].every(Number.isFinite);
    return good ? [{ x: clamp(x), y: clamp(y), label }] : [];
  });
}
