// The network of a run that is there already, made only if the run's files can hold it: a configuration that was changed by hand may ask for gigabytes.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Parameter } from "../src/nn/parameters.ts";
import type { Sequential } from "../src/nn/sequential.ts";
import { UserError } from "./errors.ts";
import { modelOfRun, type RunConfig } from "./run-config.ts";
import type { RunFolder } from "./run-folder.ts";
import type { NetworkShape } from "./run-layers.ts";

/** So much memory is never worth a question; files that are shorter than a network of this size may as well be damaged, which is told later. */
const HARMLESS = 64 << 20;

/**
 * The network that a run's configuration asks for, with fresh parameters.
 * @throws UserError if there can be no such network, or it needs more bytes than the largest of the run's files has.
 */
export function networkOf(config: RunConfig, shape: NetworkShape, folder: RunFolder): Sequential {
  try {
    return modelOfRun(config, shape, (named) =>
      checkHeld(
        named.map(({ parameter }) => parameter),
        folder,
      ),
    );
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${folder.file("config.json")} asks for what can't be: ${(cause as Error).message}`, { cause });
  }
}

function checkHeld(parameters: readonly Parameter[], folder: RunFolder): void {
  const files = [folder.file("model.safetensors")];
  const checkpoints = folder.file("checkpoints");
  if (existsSync(checkpoints)) files.push(...readdirSync(checkpoints).map((name) => join(checkpoints, name)));
  const largest = Math.max(0, ...files.filter((file) => existsSync(file)).map((file) => statSync(file).size));
  const needed = 4 * parameters.reduce((sum, { size }) => sum + size, 0);
  if (largest > 0 && needed > Math.max(largest, HARMLESS)) {
    throw new UserError(
      `the network in ${folder.path} is another one than its config.json asks for: that one takes ${needed} bytes, and the largest file of the run has ${largest}. Restore the one that was changed.`,
    );
  }
}
