// `nabla inspect`: what a trained network has learnt to look for, what it sees in a picture, where it errs and how it is misled, as a page.
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { tensor } from "../src/tensor/create.ts";
import { commandName } from "./command-name.ts";
import { changedParts, type LoadedDataset, loadDataset } from "./datasets.ts";
import { suggestion, UsageError, UserError } from "./errors.ts";
import { examples } from "./help.ts";
import { type Inside, lookInside, PARTS, type Part, type Subject } from "./inspect.ts";
import { writingTo } from "./output-folder.ts";
import { type LoadedRun, loadRunModel } from "./run-model.ts";
import { FITS, type Fitting, fitOf, readPicture, saidOfFit } from "./run-picture.ts";
import { folderName, oneOf, wholeNumber } from "./values.ts";

interface InspectOptions {
  image?: string;
  index?: number;
  fit?: Fitting;
  layer?: string;
  samples?: number;
  out?: string;
  json?: boolean;
}

const help = (name: string): string => `
Parts of the page, all where none is named:
  filters    the weights of the first convolution (or of the first layer) as pictures, lighter for smaller weights;
             over the epochs whose checkpoints the run kept (train --keep 30 keeps more)
  saliency   which pixels of a picture its answer hangs on: gradients, integrated gradients, Grad-CAM, occlusion
  maps       what each layer's channels answer to the picture
  mistakes   test pictures that are answered wrong, the label top right, the answer bottom right
  attack     small changes that turn answers, by one step and by many, beside random noise of equal norm
  units      how weights, gradients and answers of each layer are spread; units that never change

Examples:
${examples([
  [`${name} inspect runs/mnist-1`, "everything, of the first test picture"],
  [`${name} inspect runs/mnist-1 saliency maps --index 17`, "of test picture 17"],
  [`${name} inspect runs/mnist-1 saliency --image seven.png`, "of a picture of your own"],
  [`${name} inspect runs/mnist-1 filters --layer 1.sequential.2.conv2d`, "another layer's filters"],
])}

mistakes, attack, units and --index need the run's data set; the other parts do with --image. Pictures of your own are
read as predict reads them.`;

export function addInspectCommand(program: Command): void {
  program
    .command("inspect")
    .summary("look inside a trained network")
    .description("Shows what the network of a run has learnt, on a page of its own.")
    .argument("<folder>", "the folder of a run of pictures")
    .argument("[parts...]", `what to show: ${PARTS.join(", ")} (default: all)`)
    .addOption(new Option("--image <file>", "a picture to look at: PNG, JPEG, GIF or WebP"))
    .addOption(
      new Option("--index <n>", "the test picture to look at, counted from 0 (default: 0)").argParser(wholeNumber(0)),
    )
    .addOption(
      new Option("--fit <how>", `how --image is brought to the network's input: ${FITS.join(", ")}`).argParser(
        oneOf(FITS),
      ),
    )
    .addOption(new Option("--layer <name>", "the layer of filters, maps and Grad-CAM (default: see above)"))
    .addOption(
      new Option("--samples <n>", "test pictures that are attacked, and looked at for units (default: 200)").argParser(
        wholeNumber(2),
      ),
    )
    .addOption(
      new Option("--out <folder>", "where to write index.html (default: inspect in the run's folder)").argParser(
        folderName,
      ),
    )
    .addOption(new Option("--json", "print one JSON object as the last line on standard output"))
    .addHelpText("after", () => help(commandName()))
    .action(async (path: string, parts: string[], options: InspectOptions) => {
      process.exitCode = await inspect(path, parts, options);
    });
}

async function inspect(path: string, names: readonly string[], options: InspectOptions): Promise<number> {
  const parts = partsOf(names);
  if (options.image !== undefined && options.index !== undefined) {
    throw new UsageError("--image and --index exclude each other: one picture is looked at");
  }
  if (options.fit !== undefined && options.image === undefined) throw new UsageError("--fit is for --image");
  const { json = false } = options;
  const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const run = loadRunModel(path, false, say);
  if (run.config.picture === undefined && run.config.version > 1 && run.config.label !== undefined)
    throw noPictures(path);
  const data = await dataOf(run, parts, options, say);
  const subject = await subjectOf(run, data, options, say);
  const inside = lookInside({ run, data, subject, parts, layer: options.layer, samples: options.samples ?? 200 });
  const out = options.out ?? join(path, "inspect");
  const file = join(out, "index.html");
  const { insidePage } = await import("./inspect-page.ts");
  await writingTo(out, () => writeFileAtomically(file, insidePage(inside)));
  for (const line of sentencesOf(inside)) say(line);
  say(`page: ${file}`);
  if (json) process.stdout.write(`${JSON.stringify({ folder: path, ...inside.figures, page: resolve(file) })}\n`);
  return 0;
}

function noPictures(path: string): UserError {
  return new UserError(`${path} learns from a table, and inspect looks at networks of pictures`);
}

function partsOf(names: readonly string[]): readonly Part[] {
  for (const name of names) {
    if ((PARTS as readonly string[]).includes(name)) continue;
    throw new UsageError(`there is no part ${name}.${suggestion(name, PARTS)} The parts are ${PARTS.join(", ")}`);
  }
  return names.length === 0 ? PARTS : PARTS.filter((part) => names.includes(part));
}

/** The run's test pictures, where they are needed or can be had. */
async function dataOf(
  { config, folder }: LoadedRun,
  parts: readonly Part[],
  { image }: InspectOptions,
  say: (line: string) => void,
): Promise<LoadedDataset | undefined> {
  const needing = parts.filter((part) => ["mistakes", "attack", "units"].includes(part));
  const forPicture = image === undefined && parts.some((part) => ["saliency", "maps"].includes(part));
  if (needing.length === 0 && !forPicture) return undefined;
  const { transpose, size, label, dataset } = config;
  let data: LoadedDataset;
  try {
    data = await loadDataset(dataset, null, { transpose, size, label });
  } catch (error) {
    const way = needing.length > 0 ? `leave out ${needing.join(", ")} and ` : "";
    throw new UserError(
      `${(error as Error).message}. Without the run's data set ${way}name a picture with --image, or ask for filters alone`,
      { cause: error },
    );
  }
  if (data.testImages === undefined) throw noPictures(folder.path);
  const changed = config.data === undefined ? [] : changedParts(config.data, data.sums);
  const tested = changed.filter((part) => part.startsWith("test"));
  if (tested.length > 0) say(`the ${tested.join(" and ")} of ${dataset} have changed since the run began`);
  return data;
}

async function subjectOf(
  run: LoadedRun,
  data: LoadedDataset | undefined,
  { image, index = 0, fit: asked }: InspectOptions,
  say: (line: string) => void,
): Promise<Subject | undefined> {
  if (image !== undefined) {
    const fit = fitOf(run, asked);
    if (!existsSync(image)) throw new UserError(`there is no picture ${image}`);
    if (statSync(image).isDirectory()) throw new UserError(`${image} is a folder; give a picture file`);
    const pixels = await readPicture(image, run.picture, fit);
    if (fit === "resize") say(saidOfFit(run));
    return { name: image, label: undefined, x: tensor(pixels, { shape: [1, pixels.length] }) };
  }
  if (data?.testImages === undefined) return undefined;
  const { count, labels } = data.testImages;
  if (index >= count) throw new UserError(`--index ${index} is beyond the ${count} test pictures, counted from 0`);
  return { name: `test picture ${index}`, label: labels[index], x: data.test.x.slice(index, index + 1) };
}

/** What was found, in a line each. */
function sentencesOf({ figures, nameOf }: Inside): string[] {
  const { filters, picture, mistakes, attack, units } = figures;
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  const lines: string[] = [];
  if (filters)
    lines.push(
      `filters: ${filters.count} of ${filters.layer}, ${filters.channels} x ${filters.height} x ${filters.width}`,
    );
  if (picture) {
    const right =
      picture.label === null
        ? ""
        : picture.label === picture.answer
          ? ", as its label says"
          : `; its label is ${nameOf(picture.label)}`;
    lines.push(`${picture.name}: ${nameOf(picture.answer)} (${percent(picture.probability)})${right}`);
  }
  if (mistakes) lines.push(`mistakes: ${mistakes.count} of ${mistakes.of} test pictures`);
  if (attack) {
    const at = attack.epsilons.indexOf(attack.shown);
    lines.push(
      `attack: changes of at most ${attack.shown} turn ${percent(attack.fast[at])} of ${attack.attacked} right answers in one step, ` +
        `${percent(attack.iterated[at])} in ${attack.steps}; random noise of equal norm ${percent(attack.noise[at])}`,
    );
  }
  if (units) {
    const dead = units.reduce((sum, { dead: list }) => sum + list.length, 0);
    lines.push(`units: ${dead} of ${units.reduce((sum, { units: count }) => sum + count, 0)} never change`);
  }
  return lines;
}
