// Experiments in processes of their own, several at a time: most of them train networks so small that a second thread gains nothing, but a second
// experiment does. A process takes the next experiment when it is done with one; what ends a process fails its experiment, and no other.
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism, freemem } from "node:os";
import type { Form } from "../../book/experiment.ts";
import type { Entry } from "../../book/library.ts";
import { reclaim } from "./reclaim.ts";
import { emptyRecord, type KeptRecord, keptRecordOf } from "./record.ts";
import { runKept } from "./store.ts";

/** What an experiment may need: MNIST in float64, its tensors, figures. */
const BYTES_EACH = 2 * 2 ** 30;
const MOST_BY_DEFAULT = 4;

/** So many experiments at a time as this machine has processors and memory for. */
export function usualJobs(): number {
  return Math.max(1, Math.min(availableParallelism(), MOST_BY_DEFAULT, Math.floor(freemem() / BYTES_EACH)));
}

/** What a process is asked to run. */
export interface Order {
  readonly id: string;
  readonly form: Form;
  readonly seed: number;
  /** Where trainings that take hours are kept. */
  readonly keep?: string | undefined;
}

/** The command line again, as a process that takes orders. */
export function startMember(engine: string, threads: number): ChildProcess {
  const program = process.argv[1]!;
  return fork(program, ["book", "serve", "--engine", engine, "--threads", String(threads)], {
    serialization: "advanced",
  });
}

export interface Crew {
  readonly jobs: number;
  start(): ChildProcess;
}

/**
 * Runs the orders, each in whatever process is free, and resolves when all are answered. Records are handed over one at
 * a time: the next when `onRecord` has done with the one before.
 */
export async function runOnCrew(
  orders: readonly Order[],
  { jobs, start }: Crew,
  onRecord: (record: KeptRecord) => Promise<void> | void,
): Promise<void> {
  const queue = [...orders];
  let handedOver: Promise<void> = Promise.resolve();
  const member = async (): Promise<void> => {
    let child: ChildProcess | undefined;
    try {
      for (let order = queue.shift(); order !== undefined; order = queue.shift()) {
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) child = start();
        const record = await answer(child, order);
        handedOver = handedOver.then(() => onRecord(record));
        await handedOver;
      }
    } finally {
      child?.removeAllListeners();
      child?.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, orders.length) }, member));
}

/** The process's record, or one that says how it ended. */
function answer(child: ChildProcess, order: Order): Promise<KeptRecord> {
  return new Promise((resolve) => {
    const start = performance.now();
    const settle = (record: KeptRecord): void => {
      child.removeAllListeners("message").removeAllListeners("exit").removeAllListeners("error");
      resolve(record);
    };
    const failed = (error: string): void => {
      settle(emptyRecord(order, "failed", error, (performance.now() - start) / 1000));
    };
    child.on("message", (record) => settle(record as KeptRecord));
    child.on("exit", (code, signal) => failed(`its process ended with ${signal ?? `exit code ${code}`}`));
    child.on("error", (error) => failed(`its process could not be started: ${error.message}`));
    if (child.connected) child.send(order);
  });
}

/** The life of such a process: an order, a record, until its parent is gone. */
export async function serveOrders(entries: readonly Entry[]): Promise<void> {
  const send = (record: KeptRecord): void => {
    process.send?.(record);
  };
  process.on("message", async (message) => {
    const { id, form, seed, keep } = message as Order;
    const { experiment } = entries.find((entry) => entry.experiment.id === id)!;
    const record = keptRecordOf(await runKept(experiment, { form, seed }, keep));
    reclaim();
    send(record);
  });
  await new Promise((resolve) => process.once("disconnect", resolve));
}
