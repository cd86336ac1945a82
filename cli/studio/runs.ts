// The runs that the studio shows: the folders that were named, or those in runs/. Each has a key, made from its path; nothing that a page sends is
// ever taken for a path.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { errorCode, explain } from "../../src/data/file.node.ts";
import type { OperationProfile, TraceEvent } from "../../src/engine/profile.ts";
import { saveModel } from "../../src/io/model.ts";
import type { RunEnding } from "../../src/runs/history-writer.node.ts";
import type { Look } from "../../src/runs/look.ts";
import { lookFile, looksOf } from "../../src/runs/look-files.node.ts";
import { STOP_FILE } from "../../src/runs/report.node.ts";
import { strangersIn } from "../book/run-folder.ts";
import { UserError } from "../errors.ts";
import type { RunConfig } from "../run-config.ts";
import { RunFolder } from "../run-folder.ts";
import { BOOK_RUN, CLASSIFIER_RUN, kindOfRun, TEXT_RUN, TREE_RUN } from "../run-kind.ts";
import { holderOf } from "../run-lock.ts";
import { loadRunModel } from "../run-model.ts";
import { readJsonFile, readTextFile } from "../run-schema.ts";
import type { TextConfig } from "../text-config.ts";
import type { TreeConfig, TreeRecord } from "../tree-config.ts";
import { TreeFolder } from "../tree-folder.ts";
import { programOfRun, programOfText, programOfTree, type RunProgram } from "./run-program.ts";

/** A run as a page is told of it. */
export interface RunState {
  readonly key: string;
  /** Its folder, as it was named. */
  readonly name: string;
  readonly config?: unknown;
  /** Why it can't be read. */
  readonly problem?: string;
  readonly records: readonly { readonly epoch: number }[];
  /** The epochs before `records` that the page has already. */
  readonly from: number;
  readonly status: "running" | "killed" | RunEnding;
  readonly report: boolean;
  /** Epochs after which it was looked at inside. */
  readonly looks: readonly number[];
  /** Whether it was timed, kernel by kernel. */
  readonly profile: boolean;
  /** Whether a command of ours can go on with it. */
  readonly resumable: boolean;
  /** Whether it can be had as a program. */
  readonly program: boolean;
}

const DAMAGED = "The run goes on without it: delete it";

/** What a run's files say of when they changed. */
export interface RunStamp {
  readonly key: string;
  readonly stamp: string;
}

const FILES = ["history.jsonl", "history.json", "config.json", "report.html", "profile.json", "looks"];

export class StudioRuns {
  readonly #named: readonly string[];
  /** This command, to go on with a run. */
  readonly #program: string;

  /** @throws UserError for a folder that is named and holds no run */
  constructor(named: readonly string[], program: string) {
    for (const name of named) openRun(name).readConfig();
    this.#named = named;
    this.#program = program;
  }

  /** Folders by key, the newest first. */
  folders(): Map<string, string> {
    // A folder that is named may be deleted meanwhile.
    const names = this.#named.length > 0 ? this.#named.filter((name) => existsSync(name)) : foldersIn("runs");
    return new Map(names.map((name) => [keyOf(name), name]));
  }

  stamps(): RunStamp[] {
    return [...this.folders()].map(([key, name]) => {
      const times = FILES.map((file) => statSync(join(name, file), { throwIfNoEntry: false }));
      const locks = existsSync(name) ? readdirSync(name).filter((file) => file.startsWith(".lock-")) : [];
      return {
        key,
        stamp: [...times.map((time) => (time ? `${time.mtimeMs}:${time.size}` : "-")), ...locks].join(" "),
      };
    });
  }

  /** How a run stands; of its epochs those from `from` on. undefined where there is no such run. */
  async state(key: string, from = 0): Promise<RunState | undefined> {
    const name = this.folders().get(key);
    if (name === undefined || !existsSync(name)) return undefined;
    const folder = openRun(name);
    const files = {
      report: existsSync(folder.file("report.html")),
      profile: existsSync(folder.file("profile.json")),
      resumable: folder.kind.command !== undefined,
      program: [CLASSIFIER_RUN.format, TEXT_RUN.format, TREE_RUN.format].includes(folder.kind.format),
    };
    try {
      const [config, { records, ending }] = [folder.readConfig(), folder.readHistory()];
      const status = (await holderOf(name)) ? "running" : (ending ?? "killed");
      const begin = from <= records.length ? from : 0;
      return {
        key,
        name,
        config,
        records: records.slice(begin).map(shown),
        from: begin,
        status,
        looks: looksOf(name),
        ...files,
      };
    } catch (error) {
      // Whatever is wrong with one run, the others are told of.
      const problem = error instanceof UserError ? error.message : explain(error);
      return { key, name, problem, records: [], from: 0, status: "failed", looks: [], ...files };
    }
  }

  /** The page that the run ended with. */
  report(key: string): string | undefined {
    const path = this.#file(key, "report.html");
    return path && readTextFile(path);
  }

  /** The network of a run that tells classes, in its newest whole state, or the best one of a run over trees, as `saveModel` writes it. @throws UserError where there is none yet */
  network(key: string): Uint8Array {
    const name = this.#folder(key);
    if (isOverTrees(name)) return new TreeFolder(name).readModelFile();
    return saveModel(loadRunModel(name, false, () => {}).model);
  }

  /** A run as TypeScript that trains to the same numbers. @throws UserError where the run is of another kind, or its data can't be told */
  async program(key: string): Promise<RunProgram> {
    const name = this.#folder(key);
    const { format } = kindOfRun(name);
    const config = openRun(name).readConfig();
    if (format === CLASSIFIER_RUN.format) {
      return { kind: "file", text: await programOfRun(name, config as RunConfig) };
    }
    if (format === TEXT_RUN.format) return { kind: "file", text: programOfText(name, config as TextConfig) };
    if (format === TREE_RUN.format) return { kind: "archive", texts: await programOfTree(name, config as TreeConfig) };
    throw new UserError(`${name} is not a run of nabla train, nabla text train or nabla tree train.`);
  }

  /** The words that the network of a run over trees knows, and how often it saw each. @throws UserError where the run is of another kind */
  words(key: string): { readonly words: readonly string[]; readonly counts: readonly number[] } {
    const name = this.#folder(key);
    if (!isOverTrees(name))
      throw new UserError(`${name} is not a run of nabla tree train: its network knows no words.`);
    const { list, counts } = new TreeFolder(name).readWords();
    return { words: list, counts };
  }

  /** What was seen inside a run after an epoch. @throws UserError for a file that is damaged */
  look(key: string, epoch: number): Look | undefined {
    const path = this.#file(key, lookFile("", epoch));
    return path === undefined ? undefined : (readJsonFile(path, DAMAGED) as Look);
  }

  /** Where a run's time went: what its kernels took together, the most costly first. */
  profile(key: string): readonly OperationProfile[] | undefined {
    const path = this.#file(key, "profile.json");
    if (path === undefined) return undefined;
    const { traceEvents } = readJsonFile(path, DAMAGED) as { traceEvents?: readonly TraceEvent[] };
    if (!Array.isArray(traceEvents)) throw new UserError(`${path} is damaged: it holds no list traceEvents`);
    const totals = new Map<string, OperationProfile>();
    for (const { name: operation, dur } of traceEvents as readonly TraceEvent[]) {
      const total = totals.get(operation) ?? { operation, calls: 0, milliseconds: 0 };
      total.calls += 1;
      total.milliseconds += dur / 1000;
      totals.set(operation, total);
    }
    return [...totals.values()].sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** Asks the process that trains to end; it saves everything first. @throws UserError where none can be asked */
  async stop(key: string): Promise<void> {
    const name = this.#folder(key);
    const found = await holderOf(name);
    if (found === null) throw new UserError("The run is not going on.");
    // Somebody's own program is told by a file: a signal would end it before it has saved anything.
    if (kindOfRun(name).command === undefined) {
      writeFileSync(join(name, STOP_FILE), "");
      return;
    }
    if (!found.reachable) throw new UserError(`The run goes on elsewhere, on ${found.holder.host}: end it there.`);
    try {
      process.kill(found.holder.pid, "SIGINT");
    } catch (error) {
      const ended = errorCode(error) === "ESRCH";
      throw new UserError(ended ? "The run is not going on." : "The run is of another user of this machine.");
    }
  }

  /** Goes on with a run in a process of its own, which does not end with the studio. @throws UserError where it goes on already or is done */
  async resume(key: string): Promise<void> {
    const name = this.#folder(key);
    if (await holderOf(name)) throw new UserError("The run is going on already.");
    if (openRun(name).readHistory().ending === "finished") throw new UserError("The run has come to its end.");
    const { command } = kindOfRun(name);
    if (command === undefined) throw new UserError("The run is of a program of its own: start that again.");
    // Not a pipe, which would end with the studio, and the run with the pipe.
    const place = mkdtempSync(join(tmpdir(), "nabla-studio-"));
    const said = join(place, "said.txt");
    try {
      const output = openSync(said, "w", 0o600);
      const child = spawn(process.execPath, [this.#program, ...command.split(" "), "--resume", name], {
        detached: true,
        stdio: ["ignore", "ignore", output],
      });
      closeSync(output);
      child.unref();
      const failed = await failureOf(child, async () => (await holderOf(name)) !== null);
      if (failed === undefined) return;
      const [last = failed] = readFileSync(said, "utf8").trim().split("\n").slice(-1).filter(Boolean);
      throw new UserError(`The run could not go on: ${last}`);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  /** Deletes the folder. @throws UserError while it is trained in, or where it holds no run */
  async delete(key: string): Promise<void> {
    const name = this.#folder(key);
    if (await holderOf(name)) throw new UserError("The run is going on: stop it first.");
    if (!openRun(name).begun) throw new UserError(`${name} is not the folder of a run.`);
    if (kindOfRun(name).format === BOOK_RUN.format) {
      // Its folder is whichever was named, with what somebody keeps there.
      const [stranger] = strangersIn(name);
      if (stranger !== undefined)
        throw new UserError(`${name} holds ${stranger}, which is not of the run: delete by hand what you do not want.`);
    }
    rmSync(name, { recursive: true });
  }

  /** A file of a run; undefined where there is none, or a link leads out of the run's folder. */
  #file(key: string, file: string): string | undefined {
    const name = this.folders().get(key);
    if (name === undefined || !existsSync(join(name, file))) return undefined;
    const path = realpathSync(join(name, file));
    return path.startsWith(realpathSync(name) + sep) ? path : undefined;
  }

  #folder(key: string): string {
    const name = this.folders().get(key);
    if (name === undefined) throw new UserError("There is no such run.");
    return name;
  }
}

/** Milliseconds that a run may take to begin. */
const BEGINNING = 10_000;

/** Why a process ended before it had begun; undefined where it goes on, or did what it had to. */
async function failureOf(child: ChildProcess, begun: () => Promise<boolean>): Promise<string | undefined> {
  let ended: string | undefined;
  const over = new Promise<void>((done) => {
    child.once("error", ({ message }) => {
      ended = message;
      done();
    });
    child.once("exit", (code, signal) => {
      if (code !== 0) ended = `it ended with ${signal ?? `code ${code}`}`;
      done();
    });
  });
  const end = Date.now() + BEGINNING;
  let finished = false;
  void over.then(() => {
    finished = true;
  });
  while (!finished && Date.now() < end && !(await begun())) {
    await Promise.race([over, new Promise((next) => setTimeout(next, 100))]);
  }
  return ended;
}

/** An epoch as pages have it: of one over trees, figures on sentences to choose by and to test with, by their names. */
function shown(record: { readonly epoch: number }): { readonly epoch: number } {
  const { dev, test, ...rest } = record as { epoch: number } & Partial<Pick<TreeRecord, "dev" | "test">>;
  if (dev === undefined || test === undefined) return record;
  const named = (part: string, scores: object) =>
    Object.entries(scores).map(([name, value]): [string, number] => [`${part}.${name}`, value]);
  const metrics = Object.fromEntries([...named("dev", dev), ...named("test", test)]);
  return { ...rest, validationAccuracy: dev.root, testAccuracy: test.root, metrics } as { epoch: number };
}

/** The run in a folder, of whichever kind it is. */
function openRun(name: string): RunFolder {
  return new RunFolder(name, kindOfRun(name));
}

function isOverTrees(name: string): boolean {
  return kindOfRun(name).format === TREE_RUN.format;
}

function keyOf(name: string): string {
  return createHash("sha256").update(resolve(name)).digest("hex").slice(0, 16);
}

function foldersIn(place: string): string[] {
  if (!existsSync(place)) return [];
  return readdirSync(place, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(place, entry.name, "config.json")))
    .map(({ name }) => join(place, name))
    .sort((a, b) => statSync(join(b, "config.json")).mtimeMs - statSync(join(a, "config.json")).mtimeMs);
}
