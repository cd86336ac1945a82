// The worker of the pages that digits are drawn on: trains networks or opens them, reads what is drawn with them, looks into them, and lets them learn
// from corrections.
import { loadModel, mnist, type Samples, saveModel, toSamples } from "nabla";
import { frameDigit } from "../../../src/data/digit-frame.ts";
import { readInkLine } from "../../../src/data/digit-string.ts";
import { type Box, boxAround, type Ink } from "../../../src/data/ink.ts";
import { inkOfStrokes } from "../../../src/data/pen.ts";
import { digitsOnce } from "../compute/digit-networks.ts";
import type { DigitSource } from "../compute/digit-sources.ts";
import { reports } from "../compute/reports.ts";
import { accuracyOf, enter, entries, entryOf, outputsOf, TESTS } from "./entries.ts";
import type { NetworkInfo, Preset } from "./networks.ts";
import { HEIGHT, type Mode, SCALE, type Strokes, WIDTHS } from "./pad.ts";
import { RECIPES, trainPreset } from "./recipes.ts";
import { keepNetwork, keptNetwork } from "./store.ts";

export { write } from "./handwriting.ts";
export { inside } from "./inside.ts";
export { forget, learn } from "./lesson.ts";

let mnistTest: Promise<Samples> | undefined;

/** How far a training is, and, at the end, what came out. */
export interface Progress {
  readonly share: number;
  readonly info?: NetworkInfo;
}

/** One of the page's own networks: kept from before, or trained now. While it is trained, it can be asked already. */
export async function* prepare(id: Preset, source: DigitSource, images: number): AsyncGenerator<Progress, void> {
  const key = `${id} ${source} ${images} ${RECIPES}`;
  const found = await keptNetwork(key);
  if (found !== undefined) {
    yield { share: 1, info: enter(id, loadModel(found)) };
    return;
  }
  yield { share: 0 };
  const { training } = await digitsOnce(source, images, TESTS);
  let stopped = false;
  yield* reports<Progress>(async (report) => {
    const model = await trainPreset(id, training, (share, now) => {
      entries.set(id, { base: now, model: now });
      stopped = report({ share: Math.min(share, 0.999) });
      return stopped;
    });
    // What nobody waited for to the end is not that network.
    if (stopped) {
      entries.delete(id);
      return;
    }
    await keepNetwork(key, Uint8Array.from(saveModel(model)));
    report({ share: 1, info: enter(id, model) });
  });
}

/** A network of a run, or of a file. @throws Error where it does not read digits of 28 by 28 */
export function open(id: string, bytes: Uint8Array): NetworkInfo {
  const model = loadModel(bytes, id);
  const [input, output] = [model.inputs, model.outputs].map((ends) => ends.map(({ shape }) => shape));
  const pixels = input.length === 1 ? input[0].reduce<number>((product, length) => product * Number(length), 1) : 0;
  if (pixels !== 784 || output.length !== 1 || output[0].length !== 1 || output[0][0] !== 10) {
    const said = (shapes: typeof input) => shapes.map((shape) => `(${shape.join(", ")})`).join(", ");
    throw new Error(
      `it takes ${said(input)} and gives ${said(output)}; 784 numbers, or (1, 28, 28), and 10 outputs are expected`,
    );
  }
  return enter(id, model);
}

/** Share of MNIST's test digits that a network reads rightly. @throws Error where MNIST is not at hand */
export async function measureMnist(id: string): Promise<number> {
  mnistTest ??= mnist().then(({ test }) => toSamples(test));
  const reading = mnistTest;
  try {
    return accuracyOf(entryOf(id).model, await reading);
  } catch (error) {
    mnistTest = undefined;
    throw error;
  }
}

function inkOf(strokes: Strokes, mode: Mode, pen: number): { ink: Ink; frame: Box } | undefined {
  const size = { width: WIDTHS[mode] * SCALE, height: HEIGHT * SCALE, radius: pen * SCALE };
  const ink = inkOfStrokes(
    strokes.map((stroke) => stroke.map((value) => value * SCALE)),
    size,
  );
  const frame = boxAround(ink);
  return frame.right > frame.left ? { ink, frame } : undefined;
}

export interface Answer {
  readonly id: string;
  readonly outputs: readonly number[];
  /** Before it learnt from corrections, where it has. */
  readonly before?: readonly number[];
}

export interface DrawingAnswer {
  /** What the networks see; undefined where nothing is drawn. */
  readonly pixels: Float32Array | undefined;
  readonly answers: readonly Answer[];
}

/** What each network answers to a drawing. Those that are not ready yet are left out. */
export function read(strokes: Strokes, pen: number, ids: readonly string[]): DrawingAnswer {
  const drawn = inkOf(strokes, "one", pen);
  if (drawn === undefined) return { pixels: undefined, answers: [] };
  const pixels = frameDigit(drawn.ink, drawn.frame);
  return { pixels, answers: ask(pixels, ids) };
}

/** What each network answers to a picture. */
export function ask(pixels: Float32Array, ids: readonly string[]): Answer[] {
  return ids
    .filter((id) => entries.has(id))
    .map((id) => {
      const { base, model } = entryOf(id);
      const outputs = Array.from(outputsOf(model, pixels, 1));
      return base === model ? { id, outputs } : { id, outputs, before: Array.from(outputsOf(base, pixels, 1)) };
    });
}

export interface LinePiece {
  readonly digit: number;
  readonly probability: number;
  readonly pixels: Float32Array;
  readonly touches: boolean;
  /** In units of the pad. */
  readonly box: Box;
}

export interface LineAnswer {
  readonly id: string;
  readonly text: string;
  readonly tried: number;
  readonly pieces: readonly LinePiece[];
}

/** What each network reads in a line. @throws Error where it can't be cut into as many digits */
export function askLine(strokes: Strokes, pen: number, ids: readonly string[], count?: number): LineAnswer[] {
  const drawn = inkOf(strokes, "line", pen);
  if (drawn === undefined) return [];
  return ids
    .filter((id) => entries.has(id))
    .map((id) => {
      const { model } = entryOf(id);
      const read = (pictures: Float32Array, n: number) => outputsOf(model, pictures, n);
      const { pieces, ...rest } = readInkLine(drawn.ink, drawn.frame, read, count);
      const toUnits = ({ left, top, right, bottom }: Box): Box => ({
        ...{ left: left / SCALE, top: top / SCALE, right: right / SCALE, bottom: bottom / SCALE },
      });
      return {
        ...{ id, ...rest },
        pieces: pieces.map(({ digit, probability, pixels, touches, box }) => ({
          ...{ digit, probability, pixels, touches, box: toUnits(box) },
        })),
      };
    });
}
