// Section 1.7: a hard question, whether a picture shows a face, broken into simpler ones that networks of their own answer, and some of these again,
// down to questions about pixels. Weights are set by hand; each answer is a sigmoid neuron's.

const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** How steep a neuron's answer is: in the share of a part's pixels that are inked, and in the number of yeses. */
const STEEP = 20;
const HEED = 10;

/** The parts whose pixels are looked at. */
export const PARTS = [
  "hair",
  "left brow",
  "left lashes",
  "left iris",
  "right brow",
  "right lashes",
  "right iris",
  "nose",
  "mouth",
] as const;
export type Part = (typeof PARTS)[number];

/** Where each part is: whether a pixel (x right, y down) belongs to it. */
const PLACES: Readonly<Record<Part, (x: number, y: number) => boolean>> = {
  hair: (x, y) => y <= 5 && Math.abs(Math.hypot((x - 13.5) / 11, (y - 12) / 11.5) - 0.9) < 0.12,
  ...eye("left", 8.5),
  ...eye("right", 18.5),
  nose: (x, y) => (y >= 12 && y <= 18 && (x === 13 || x === 14)) || (y === 18 && x >= 12 && x <= 15),
  mouth: (x, y) => x >= 9 && x <= 18 && Math.abs(y - (23 - ((x - 13.5) / 4.5) ** 2)) < 0.8,
};

function eye<S extends "left" | "right">(side: S, centre: number) {
  const within = (x: number, reach: number) => Math.abs(x - centre) < reach;
  return {
    [`${side} brow`]: (x: number, y: number) => y === 7 && within(x, 3.1),
    [`${side} lashes`]: (x: number, y: number) => y === 9 && within(x, 3.1) && Math.round(x - centre + 0.5) % 2 === 0,
    [`${side} iris`]: (x: number, y: number) => Math.hypot(x - centre, y - 11.5) < 1.9 && y > 9,
  } as Record<`${S} brow` | `${S} lashes` | `${S} iris`, (x: number, y: number) => boolean>;
}

/** The pixels of a part, 0 or 1. */
export function pixelsOf(part: Part): Float64Array {
  return Float64Array.from({ length: PIXELS }, (_, p) => (PLACES[part](p % SIDE, Math.floor(p / SIDE)) ? 1 : 0));
}

const TEMPLATES: Readonly<Record<Part, Float64Array>> = Object.fromEntries(
  PARTS.map((part) => [part, pixelsOf(part)]),
) as Record<Part, Float64Array>;
const ANY = Float64Array.from({ length: PIXELS }, (_, p) => (PARTS.some((part) => TEMPLATES[part][p] === 1) ? 1 : 0));

/** A picture with some of the parts. */
export function drawFace(parts: Iterable<Part>): Float64Array {
  const image = new Float64Array(PIXELS);
  for (const part of parts) for (let p = 0; p < PIXELS; p++) image[p] = Math.max(image[p], TEMPLATES[part][p]);
  return image;
}

/** Next to a part and in none: where ink speaks against it, so that a black picture is no face. */
function around(part: Part): Float64Array {
  const template = TEMPLATES[part];
  return Float64Array.from({ length: PIXELS }, (_, p) => {
    if (ANY[p] === 1) return 0;
    const [x, y] = [p % SIDE, Math.floor(p / SIDE)];
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const [column, row] = [x + dx, y + dy];
        if (column >= 0 && row >= 0 && column < SIDE && row < SIDE && template[row * SIDE + column] === 1) return 1;
      }
    }
    return 0;
  });
}

export interface PixelNeuron {
  readonly weights: Float64Array;
  readonly bias: number;
}

/** z = 20 (share of the part that is inked - share of its surroundings that is - 1/2). */
function detector(part: Part): PixelNeuron {
  const [template, ring] = [TEMPLATES[part], around(part)];
  const size = (pixels: Float64Array) => pixels.reduce((sum, value) => sum + value, 0);
  const [inside, outside] = [size(template), Math.max(1, size(ring))];
  return {
    weights: template.map((value, p) => STEEP * (value / inside - ring[p] / outside)),
    bias: -STEEP / 2,
  };
}

/** A question that a neuron answers about pixels, or a sub-network from the answers to others. */
export type Question =
  | { readonly name: Part; readonly neuron: PixelNeuron }
  | { readonly name: string; readonly of: readonly Question[]; readonly needed: number };

const ask = (part: Part): Question => ({ name: part, neuron: detector(part) });
const eyeOf = (side: "left" | "right"): Question => ({
  name: `${side} eye`,
  of: [ask(`${side} brow`), ask(`${side} lashes`), ask(`${side} iris`)],
  needed: 2,
});

/** Whether it is a face: `needed` of five yeses, those for the eyes given by networks of their own, from two of three each. */
export function faceNetwork(needed = 4): Question {
  return { name: "face", of: [ask("hair"), eyeOf("left"), eyeOf("right"), ask("nose"), ask("mouth")], needed };
}

export interface Answer {
  readonly name: string;
  readonly z: number;
  /** σ(z) */
  readonly a: number;
  readonly of: readonly Answer[];
}

/** The answers of a network and of all networks within it. */
export function answer(question: Question, image: ArrayLike<number>): Answer {
  if ("neuron" in question) {
    const { weights, bias } = question.neuron;
    let z = bias;
    for (let p = 0; p < PIXELS; p++) z += weights[p] * image[p];
    return { name: question.name, z, a: sigmoid(z), of: [] };
  }
  const of = question.of.map((each) => answer(each, image));
  const z = HEED * (of.reduce((sum, { a }) => sum + a, 0) - (question.needed - 0.5));
  return { name: question.name, z, a: sigmoid(z), of };
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
