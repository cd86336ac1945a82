// `nabla predict`: what a trained network reads in a picture.
import { type Command, Option } from "commander";
import { tensor } from "../src/tensor/create.ts";
import { scope } from "../src/tensor/tensor.ts";
import { predict } from "../src/train/predict.ts";
import { commandName } from "./command-name.ts";
import { UsageError, UserError } from "./errors.ts";
import { checkReadsLines, describeLine, type LineReading, readLine } from "./predict-line.ts";
import { type LoadedRun, loadRunModel } from "./run-model.ts";
import { FITS, type Fitting, fitOf, readPicture, saidOfFit } from "./run-picture.ts";
import { oneOf, wholeNumber } from "./values.ts";

const help = (name: string): string => `
Examples:
  ${name} predict runs/mnist-1 seven.png
  ${name} predict runs/mnist-1 a.png b.jpg --json
  ${name} predict runs/mnist-1 number.png --line
  ${name} predict runs/pets-1 cat.jpg

Pictures may be PNG, JPEG, GIF or WebP (which needs the package @jsquash/webp) of any size, grey or coloured. Each is brought to what the run's network takes:
  --fit digit    dark ink on light paper or light on dark, fitted as MNIST was made: the ink scaled into 20 x 20
                 pixels, centred by its mass in 28 x 28 (default for 28 x 28 pictures of one channel without class names)
  --fit resize   the whole picture in the network's height, width and channels, each pixel the mean of what it covers,
                 as pictures of a folder are read for training (default for all others)

With --line a picture holds several digits side by side: it is cut into digits, each is fitted and read, and the surest way to cut is taken.`;

interface PredictOptions {
  json?: boolean;
  allowNonFinite?: boolean;
  fit?: Fitting;
  line?: boolean;
  count?: number;
}

interface Reading {
  image: string;
  /** The class that is answered, by its number; null where the network's answer is no number. */
  class: number | null;
  /** Its name, where the classes have names. */
  name?: string;
  /** The same as `class` for digits. */
  digit: number | null;
  probability: number | null;
  probabilities: number[];
}

export function addPredictCommand(program: Command): void {
  program
    .command("predict")
    .summary("read pictures with a trained network")
    .description("Says which class the network of a run sees in each picture.")
    .argument("<folder>", "the folder of a run")
    .argument("<image...>", "PNG, JPEG, GIF or WebP files")
    .addOption(
      new Option("--fit <how>", `how pictures are brought to the network's input: ${FITS.join(", ")}`).argParser(
        oneOf(FITS),
      ),
    )
    .option("--line", "read a line of digits in each picture")
    .option("--count <number>", "with --line: how many digits there are", wholeNumber(1, 1000))
    .option("--json", "print one JSON object as the last line on standard output")
    .option("--allow-non-finite", "use a network whose parameters are NaN or infinite")
    .addHelpText("after", () => help(commandName()))
    .action(async (path: string, images: string[], options: PredictOptions) => {
      process.exitCode = await readPictures(path, images, options);
    });
}

async function readPictures(path: string, images: readonly string[], options: PredictOptions): Promise<number> {
  const { json = false, allowNonFinite = false, line = false, count } = options;
  if (count !== undefined && !line) throw new UsageError("--count is for --line");
  if (options.fit === "resize" && line) throw new UsageError("--line fits digits: leave --fit out");
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const run = loadRunModel(path, allowNonFinite, tell);
  if (line) checkReadsLines(run);
  const fit = fitOf(run, options.fit);
  if (fit === "resize") tell(saidOfFit(run));
  const readings: (Reading | LineReading)[] = [];
  let failures = 0;
  for (const image of images) {
    try {
      const reading = line ? await readLine(run, image, count) : await readingOf(run, image, fit, allowNonFinite);
      readings.push(reading);
      const said = "digits" in reading ? describeLine(reading) : describe(reading, run);
      if (!json || images.length > 1) (json ? process.stderr : process.stdout).write(`${said}\n`);
    } catch (error) {
      failures += 1;
      process.stderr.write(`error: ${(error as Error).message}\n`);
    }
  }
  if (json) process.stdout.write(`${JSON.stringify({ folder: path, fit, predictions: readings })}\n`);
  return failures > 0 ? 1 : 0;
}

async function readingOf(run: LoadedRun, image: string, fit: Fitting, allowNonFinite: boolean): Promise<Reading> {
  const pixels = await readPicture(image, run.picture, fit);
  const outputs = scope(() => predict(run.model, tensor(pixels, { shape: [1, pixels.length] })).dataSync());
  // Sigmoid outputs need not add up to 1; as shares of their sum they read like probabilities.
  const values = Array.from(outputs, Number);
  if (!values.every(Number.isFinite)) {
    if (!allowNonFinite) throw new UserError(`${image}: the network answers ${values.join(", ")}: it is of no use`);
    return { image, class: null, digit: null, probability: null, probabilities: values };
  }
  const sum = values.reduce((a, b) => a + b, 0);
  const probabilities = values.map((value) => (sum > 0 ? value / sum : 1 / outputs.length));
  const answer = probabilities.indexOf(Math.max(...probabilities));
  const name = run.classNames?.[answer];
  return {
    ...{ image, class: answer },
    ...(name !== undefined && { name }),
    ...{ digit: fit === "digit" ? answer : null, probability: probabilities[answer], probabilities },
  };
}

function describe({ image, class: answer, probability, probabilities }: Reading, { classNames }: LoadedRun): string {
  if (answer === null || probability === null) return `${image}: no number`;
  const named = (label: number): string => classNames?.[label] ?? String(label);
  const others = probabilities
    .map((value, i) => ({ value, i }))
    .filter(({ i, value }) => i !== answer && value >= 0.01)
    .sort((a, b) => b.value - a.value)
    .slice(0, 3)
    .map(({ value, i }) => `${named(i)} ${(100 * value).toFixed(1)}%`);
  return `${image}: ${named(answer)}  (${(100 * probability).toFixed(1)}%${others.length > 0 ? `; then ${others.join(", ")}` : ""})`;
}
