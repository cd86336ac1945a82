// Running many experiments one after the other: what one throws is its result, and the others still run.
import { cpus } from "node:os";
import type { Form } from "../../../book/experiment.ts";
import type { Entry } from "../../../book/library.ts";
import { runExperiment } from "../../../book/run.ts";
import { findMnist } from "../../data/mnist.node.ts";
import { engineStatus } from "../../engine/configure.ts";
import { platform } from "../../engine/platform.ts";
import { memory } from "../../tensor/memory.ts";
import { type KeptRecord, keptRecordOf } from "./record.ts";

export const NO_MNIST =
  "needs MNIST, which is not on this machine: run `nabla data get mnist`, or set NABLA_DATA_DIR to a folder that holds mnist/";

/** Bytes of tensors left behind, from which the next experiment should not have to wait for the collector. */
const MUCH = 1 << 29;

/** What an experiment left behind is given back once the collector has seen it and the event loop has turned. */
async function reclaim(): Promise<void> {
  platform().collectGarbage();
  await platform().yieldToEvents();
  await platform().yieldToEvents();
}

export interface VerifyOptions {
  readonly form: Form;
  readonly seed: number;
  /** After each experiment. */
  onRecord(record: KeptRecord): Promise<void> | void;
}

export async function verifyAll(entries: readonly Entry[], options: VerifyOptions): Promise<KeptRecord[]> {
  const { form, seed, onRecord } = options;
  const hasMnist = (await findMnist()).found;
  const records: KeptRecord[] = [];
  for (const { experiment } of entries) {
    const { id, needs } = experiment;
    let record: KeptRecord;
    if (needs?.includes("mnist") && !hasMnist) {
      const empty = { reported: {}, measured: {}, missed: [], figures: [], tables: [], notes: [], seconds: 0 };
      record = { id, verdict: "skipped", form, seed, ...empty, error: NO_MNIST };
    } else {
      record = keptRecordOf(await runExperiment(experiment, { form, seed }));
    }
    records.push(record);
    await onRecord(record);
    if (memory().bytes > MUCH) await reclaim();
  }
  return records;
}

/** Those that failed, or differ from their source without a known cause. */
export function unexplained(entries: readonly Entry[], records: readonly KeptRecord[]): KeptRecord[] {
  return records.filter(
    ({ verdict }, i) => verdict === "failed" || (verdict === "differs" && entries[i].experiment.differs === undefined),
  );
}

export function machineText(): string {
  const { engine, threads } = engineStatus();
  const processors = cpus();
  const model = processors[0]?.model.trim() || "unknown processor";
  return `${model}, ${processors.length} processors, Node ${process.version}, engine ${engine} with ${threads} threads`;
}
