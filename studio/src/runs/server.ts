// The runs of this machine, from the server that `nabla studio` is. Events are read with fetch, which can show the token; EventSource can't.
import type { Look } from "../../../src/runs/look.ts";
import { token } from "../state/token.ts";

export type { Distribution } from "../../../src/inspect/distributions.ts";
export type { Look };

/** An epoch, as `nabla train` and `nabla text train` write it: not every kind of run has all figures. */
export interface RunRecord {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  readonly perplexity?: number;
  readonly validationPerplexity?: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly samplesPerSecond: number;
  /** Figures of one's own. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Of several outputs, by their names. */
  readonly heads?: Readonly<Record<string, number>>;
}

export interface RunState {
  readonly key: string;
  readonly name: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly problem?: string;
  readonly records: readonly RunRecord[];
  readonly from: number;
  readonly status: "running" | "killed" | "finished" | "interrupted" | "failed";
  readonly report: boolean;
  /** Epochs after which it was looked at inside. */
  readonly looks: readonly number[];
  readonly profile: boolean;
  readonly resumable: boolean;
  /** Whether it can be had as a program. */
  readonly program: boolean;
}

/** What a kernel took together. */
export interface OperationTime {
  readonly operation: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/** "none": nobody serves runs here; "refused": the token is missing or of another start of the server. */
export class NoRuns extends Error {
  override readonly name = "NoRuns";
  readonly why: "none" | "refused";
  constructor(why: "none" | "refused") {
    super(why);
    this.why = why;
  }
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const address = new URL(`api/${path}`, new URL(".", location.href));
  const reply = await fetch(address, { ...init, headers: { Authorization: `Bearer ${token() ?? ""}` } }).catch(
    (error: unknown) => {
      if ((error as Error).name === "AbortError") throw error;
      throw new NoRuns("none");
    },
  );
  if (reply.status === 401) throw new NoRuns("refused");
  if (reply.status === 404 || reply.headers.get("content-type")?.startsWith("text/html")) throw new NoRuns("none");
  if (!reply.ok) throw new Error((await reply.text()).trim());
  return reply;
}

export async function act(key: string, deed: "stop" | "resume" | "delete"): Promise<void> {
  await ask(`runs/${key}/${deed}`, { method: "POST" });
}

/** All runs, as they stand now. @throws NoRuns */
export async function allRuns(): Promise<RunState[]> {
  return ((await (await ask("runs")).json()) as { runs: RunState[] }).runs;
}

/** The network of a run, as a file of `saveModel`. */
export async function networkOf(key: string): Promise<Uint8Array> {
  return new Uint8Array(await (await ask(`runs/${key}/network`)).arrayBuffer());
}

/** The words that the network of a run over trees knows, and how often it saw each. */
export async function wordsOf(key: string): Promise<{ readonly words: string[]; readonly counts: number[] }> {
  return (await (await ask(`runs/${key}/words`)).json()) as { words: string[]; counts: number[] };
}

/** A run as TypeScript that trains to the same numbers. */
export async function programOf(key: string): Promise<RunProgram> {
  return (await (await ask(`runs/${key}/program`)).json()) as RunProgram;
}

/** One file, or several by path. */
export type RunProgram =
  | { readonly kind: "file"; readonly text: string }
  | { readonly kind: "archive"; readonly texts: Readonly<Record<string, string>> };

/** The page that a run ended with, without its scripts: they are for read-outs, and may not run in a frame that can do nothing. */
export async function reportOf(key: string): Promise<string> {
  const { page } = (await (await ask(`runs/${key}/report`)).json()) as { page: string };
  return page.replace(/<script\b[\s\S]*?<\/script>/g, "");
}

/** A run from the inside, after an epoch. */
export async function lookOf(key: string, epoch: number): Promise<Look> {
  return (await (await ask(`runs/${key}/looks/${epoch}`)).json()) as Look;
}

/** Where a run's time went, the most costly kernel first. */
export async function profileOf(key: string): Promise<readonly OperationTime[]> {
  const { operations } = (await (await ask(`runs/${key}/profile`)).json()) as { operations: readonly OperationTime[] };
  return operations;
}

export type RunEvent =
  | { readonly event: "run"; readonly run: RunState }
  | { readonly event: "gone"; readonly key: string }
  /** All that there are were told. */
  | { readonly event: "listed" };

/** What happens, from now on, each run at first whole. @throws NoRuns */
export async function* events(signal: AbortSignal): AsyncGenerator<RunEvent, void> {
  const reply = await ask("events", { signal });
  const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      if (event === "run") yield { event, run: JSON.parse(data) as RunState };
      else if (event === "gone") yield { event, key: JSON.parse(data) as string };
      else if (event === "listed") yield { event };
    }
  }
}
