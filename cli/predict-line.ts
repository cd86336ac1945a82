// `nabla predict --line`: a line of digits in each picture, cut into digits and read.
import { type DigitString, readDigitString } from "../src/data/digit-string.ts";
import { readImageFile } from "../src/data/image-file.node.ts";
import { tensor } from "../src/tensor/create.ts";
import { scope } from "../src/tensor/tensor.ts";
import { predict } from "../src/train/predict.ts";
import { UserError } from "./errors.ts";
import type { LoadedRun } from "./run-model.ts";
import { fitOf } from "./run-picture.ts";

/** A line as it is written in JSON. */
export interface LineReading {
  image: string;
  text: string;
  digits: {
    digit: number;
    probability: number;
    probabilities: readonly number[];
    /** Whether ink had to be cut to part it from the digit before. */
    touches: boolean;
    box: DigitString["pieces"][number]["box"];
  }[];
}

/** @throws UserError where the run's network does not read digits. */
export function checkReadsLines(run: LoadedRun): void {
  fitOf(run, "digit");
  const outputs = run.model.outputs[0].shape.at(-1);
  if (run.classNames === undefined && outputs === 10) return;
  throw new UserError("--line reads digits: the run's network has to tell the ten of them, and its classes are others");
}

/** @throws UserError naming the file. */
export async function readLine(run: LoadedRun, image: string, count: number | undefined): Promise<LineReading> {
  try {
    const picture = await readImageFile(image);
    const read = (pictures: Float32Array, n: number) =>
      scope(() => predict(run.model, tensor(pictures, { shape: [n, pictures.length / n] })).dataSync() as Float32Array);
    const { text, pieces } = readDigitString(picture, read, count === undefined ? {} : { count });
    const digits = pieces.map(({ digit, probability, probabilities, touches, box }) => ({
      ...{ digit, probability, probabilities, touches, box },
    }));
    return { image, text, digits };
  } catch (error) {
    const message = (error as Error).message.replace(/^readDigitString: /, "");
    throw new UserError(message.includes(image) ? message : `${image}: ${message}`, { cause: error });
  }
}

/** The line, how sure each digit is, and where ink was cut. */
export function describeLine({ image, text, digits }: LineReading): string {
  const each = digits.map(({ digit, probability, touches }, i) => {
    const cut = touches && i > 0 ? "|" : "";
    return `${cut}${digit} ${(100 * probability).toFixed(1)}%`;
  });
  const note = digits.some(({ touches }) => touches) ? "; | where touching digits were cut" : "";
  return `${image}: ${text}  (${each.join(", ")}${note})`;
}
