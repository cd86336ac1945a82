// Running many experiments: what one throws is its result, and the others still run.
import { cpus } from "node:os";
import type { Form } from "../../book/experiment.ts";
import type { Entry } from "../../book/library.ts";
import { firstMissing, type Need } from "../../book/needs.ts";
import { engineStatus } from "../../src/engine/configure.ts";
import { commandName } from "../command-name.ts";
import { type Crew, runOnCrew } from "./crew.ts";
import { reclaim } from "./reclaim.ts";
import { emptyRecord, type KeptRecord, keptRecordOf } from "./record.ts";
import { runKept } from "./store.ts";

/** What an experiment lacks, and how to get it. */
export function lackText(need: Need): string {
  if (need === "mnist") {
    return `needs MNIST, which is not on this machine: run \`${commandName()} data get mnist\`, or set NABLA_DATA_DIR to a folder that holds mnist/`;
  }
  if (need === "sst") {
    return "needs the Stanford Sentiment Treebank, which is not on this machine: set NABLA_DATA_DIR to a folder that holds sst/ with train.txt, dev.txt and test.txt";
  }
  if (need === "files") return "needs files to write and to read";
  const file = need === "tang300" ? "tang300.json" : "tinyshakespeare.txt";
  return `needs the text ${file}, which is not on this machine: set NABLA_DATA_DIR to a folder that holds text/${file}`;
}

export interface VerifyOptions {
  readonly form: Form;
  readonly seed: number;
  /** Whether those whose full form takes hours run in full, too; default false: they run in their quick form. */
  readonly long?: boolean;
  /** Where trainings that take hours are kept. */
  readonly keep?: string | undefined;
  /** Processes to run them in, several at a time; without, all run in this one. */
  readonly crew?: Crew;
  /** After each experiment, in the order in which they end. */
  onRecord(record: KeptRecord): Promise<void> | void;
}

/** The records in the order of the entries. */
export async function verifyAll(entries: readonly Entry[], options: VerifyOptions): Promise<KeptRecord[]> {
  const { seed, crew, onRecord, long = false, keep: folder } = options;
  const formOf = ({ experiment: { hours } }: Entry): Form => (hours !== undefined && !long ? "quick" : options.form);
  const records = new Map<string, KeptRecord>();
  const keep = async (record: KeptRecord): Promise<void> => {
    records.set(record.id, record);
    await onRecord(record);
  };
  const possible: Entry[] = [];
  for (const entry of entries) {
    const { id, needs } = entry.experiment;
    const missing = await firstMissing(needs);
    if (missing === undefined) {
      possible.push(entry);
    } else {
      await keep(emptyRecord({ id, form: formOf(entry), seed }, "skipped", lackText(missing)));
    }
  }
  if (crew !== undefined) {
    const orders = possible.map((entry) => ({ id: entry.experiment.id, form: formOf(entry), seed, keep: folder }));
    await runOnCrew(orders, crew, keep);
  } else {
    for (const entry of possible) {
      await keep(keptRecordOf(await runKept(entry.experiment, { form: formOf(entry), seed }, folder)));
      reclaim();
    }
  }
  return entries.map(({ experiment: { id } }) => records.get(id)!);
}

/** Those that failed, or differ from their source by more than is known and has a cause. */
export function unexplained(records: readonly KeptRecord[]): KeptRecord[] {
  return records.filter(({ verdict, unexplained }) => verdict === "failed" || unexplained.length > 0);
}

export function machineText(jobs: number): string {
  const { engine, threads } = engineStatus();
  const processors = cpus();
  const at = jobs > 1 ? `, ${jobs} experiments at a time` : "";
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const model = processors[0]?.model.trim() || "unknown processor";
  return `${model}, ${processors.length} processors, Node ${process.version}, engine ${engine} with ${count(threads, "thread")}${at}`;
}
