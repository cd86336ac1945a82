// A training epoch by epoch that keeps where it stands and what it found, so that one of hours can be spread over several sittings: what is kept is gone
// on with to the same bits, and a finished training is not done again.
import { saveTraining, type Trainer } from "nabla";
import type { Store } from "./experiment.ts";

export interface KeptOptions<R> {
  /** Without one nothing is kept. */
  readonly store: Store | undefined;
  /** Of its folder in the store. */
  readonly name: string;
  /** What the training is asked for: a kept one of other settings is refused. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly epochs: number;
  /** What is known before the first epoch. */
  readonly start: R;
  readonly print: (line: string) => void;
  /** The trainer at the start, or of a kept file. */
  make(file: Uint8Array | undefined): {
    readonly trainer: Trainer;
    readonly metadata?: Readonly<Record<string, string>>;
  };
  /** One epoch; returns what is known after it. */
  epoch(trainer: Trainer, result: R): Promise<R>;
}

/** @throws Error where the kept file is of other settings. */
export async function keptTraining<R>(options: KeptOptions<R>): Promise<{ trainer: Trainer; result: R }> {
  const { store, name, epochs, print } = options;
  const file = `${name}/training.safetensors`;
  const settings = JSON.stringify(options.settings);
  const began = performance.now();
  const kept = await store?.read(file);
  const { trainer, metadata = {} } = options.make(kept);
  if (kept !== undefined && metadata["settings"] !== settings) {
    throw new Error(
      `${store?.place}/${file} is of another training (${metadata["settings"]}; asked for is ${settings}); delete it to begin anew`,
    );
  }
  let result = metadata["result"] === undefined ? options.start : (JSON.parse(metadata["result"]) as R);
  const earlier = Number(metadata["seconds"] ?? secondsIn(result));
  if (store !== undefined && trainer.epoch > 0) {
    print(`${store.place}/${file}: ${trainer.epoch} of ${epochs} epochs are done`);
    store.earlierSeconds = (store.earlierSeconds ?? 0) + earlier;
  }
  while (trainer.epoch < epochs) {
    result = await options.epoch(trainer, result);
    const seconds = String(earlier + (performance.now() - began) / 1000);
    await store?.write(
      file,
      saveTraining(trainer, { metadata: { settings, result: JSON.stringify(result), seconds } }),
    );
  }
  return { trainer, result };
}

/** The seconds that a result tells of itself: all that files of before 2026-12 know. */
function secondsIn(result: unknown): number {
  const { seconds } = (result ?? {}) as { seconds?: unknown };
  return typeof seconds === "number" ? seconds : 0;
}
