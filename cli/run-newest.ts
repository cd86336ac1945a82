// The network of a run in its newest whole state, whatever it learns from, a table too: as its files hold it, with what is written beside it. What reads
// pictures with it loads it by its configuration instead: run-model.ts.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readRegularFileSync } from "../src/data/file.node.ts";
import { modelOf } from "../src/io/model.ts";
import { readSafetensors } from "../src/io/safetensors.ts";
import type { Model } from "../src/nn/model.ts";
import { scope } from "../src/tensor/tensor.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import type { RunFolder } from "./run-folder.ts";

interface Network {
  readonly model: Model;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file of a run that holds its network, after so many epochs and steps. */
interface Place {
  readonly path: string;
  readonly epoch: number;
  readonly step: number;
}

/**
 * The finished network of a run, or that of its newest checkpoint where the run went on or is not finished. What is taken in place of something newer or
 * expected is told to `say`.
 * @throws UserError if this is no run, or none of its files holds a whole network.
 */
export function newestNetwork(folder: RunFolder, say: (line: string) => void): Network {
  folder.readConfig();
  const problems: UserError[] = [];
  const finished = folder.file("model.safetensors");
  const done = existsSync(finished) ? attempt(finished, problems) : undefined;
  const epochs = done === undefined ? -1 : Number(done.metadata["epochs"] ?? Number.POSITIVE_INFINITY);
  for (const { path, epoch, step } of checkpoints(folder)) {
    if (epoch < epochs || (epoch === epochs && step === 0)) break;
    const found = attempt(path, problems);
    if (found === undefined) continue;
    for (const { message } of problems) say(message);
    say(`${folder.path} is not finished: using ${path}`);
    // What a finished network says of its data holds of the same run's checkpoints.
    return { model: found.model, metadata: { ...done?.metadata, epochs: String(epoch) } };
  }
  for (const { message } of problems) say(message);
  if (done !== undefined) return done;
  if (problems.length > 0) throw new UserError(`${folder.path} holds no whole network: ${problems[0].message}`);
  throw new UserError(
    `${folder.path} holds no trained network yet: no epoch was complete. Go on with: ${commandName()} ${folder.kind.command} --resume ${folder.path}`,
  );
}

/** Newest first. */
function checkpoints(folder: RunFolder): Place[] {
  const at = folder.file("checkpoints");
  if (!existsSync(at)) return [];
  return readdirSync(at)
    .map((name) => ({ name, match: /^epoch-(\d+)(?:-step-(\d+))?\.safetensors$/.exec(name) }))
    .filter(({ match }) => match !== null)
    .map(({ name, match }) => ({ path: join(at, name), epoch: Number(match![1]), step: Number(match![2] ?? 0) }))
    .sort((a, b) => b.epoch - a.epoch || b.step - a.step);
}

function attempt(path: string, problems: UserError[]): Network | undefined {
  try {
    return scope(() => {
      const file = readSafetensors(readRegularFileSync(path), path);
      return { model: modelOf(path, file, { allowNonFinite: true }), metadata: file.metadata };
    });
  } catch (error) {
    problems.push(new UserError((error as Error).message, { cause: error }));
    return undefined;
  }
}
