// What a page may ask about runs, below /api/. Whoever comes here has shown the token.
import type { IncomingMessage, ServerResponse } from "node:http";
import { UserError } from "../errors.ts";
import type { StudioRuns } from "./runs.ts";

/** Milliseconds between two looks at the files. */
const LOOK = 500;
/** Milliseconds after which a connection that is silent says that it lives. */
const BEAT = 15_000;

export interface Answers {
  json(response: ServerResponse, value: unknown): void;
  text(response: ServerResponse, status: number, message: string): void;
  /** The headers that everything carries. */
  headers: Readonly<Record<string, string>>;
}

/** @returns whether the path is one of these */
export async function answerApi(
  runs: StudioRuns,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { json, text, headers }: Answers,
): Promise<boolean> {
  const { method } = request;
  if (path === "/api/runs" && method === "GET") {
    const states = await Promise.all([...runs.folders().keys()].map((key) => runs.state(key)));
    json(response, { runs: states.filter((state) => state !== undefined) });
    return true;
  }
  if (path === "/api/events" && method === "GET") {
    stream(runs, response, headers);
    return true;
  }
  const [, looked, epoch] = /^\/api\/runs\/([0-9a-f]{16})\/looks\/(\d{1,9})$/.exec(path) ?? [];
  const [, profiled] = /^\/api\/runs\/([0-9a-f]{16})\/profile$/.exec(path) ?? [];
  if ((looked !== undefined || profiled !== undefined) && method === "GET") {
    try {
      const found = looked !== undefined ? runs.look(looked, Number(epoch)) : runs.profile(profiled);
      if (found === undefined) text(response, 404, "There is nothing of the kind.");
      else json(response, looked !== undefined ? found : { operations: found });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      text(response, 409, error.message);
    }
    return true;
  }
  const [, key, deed] =
    /^\/api\/runs\/([0-9a-f]{16})\/(report|network|program|words|stop|resume|delete)$/.exec(path) ?? [];
  if (key === undefined) return false;
  const wanted = ["report", "network", "program", "words"].includes(deed) ? "GET" : "POST";
  if (method !== wanted) {
    text(response, 405, `${deed} is asked for with ${wanted}.`);
    return true;
  }
  if (deed === "report") {
    const page = runs.report(key);
    if (page === undefined) text(response, 404, "The run has no report yet.");
    else json(response, { page });
    return true;
  }
  try {
    if (deed === "network") {
      const bytes = runs.network(key);
      response.writeHead(200, { ...headers, "Content-Type": "application/octet-stream", "Cache-Control": "no-store" });
      response.end(bytes);
      return true;
    }
    if (deed === "program") {
      json(response, await runs.program(key));
      return true;
    }
    if (deed === "words") {
      json(response, runs.words(key));
      return true;
    }
    await runs[deed as "stop" | "resume" | "delete"](key);
    json(response, {});
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    text(response, 409, error.message);
  }
  return true;
}

/** Server-sent events: `run` with a run's state, its new epochs alone, whenever its files change; `gone` with a key; `listed` once all that there are were told. */
function stream(runs: StudioRuns, response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  response.writeHead(200, { ...headers, "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const seen = new Map<string, { stamp: string; epochs: number; running: boolean }>();
  let spoken = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let listed = false;
  const say = (event: string, value: unknown): void => {
    spoken = Date.now();
    response.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
  };
  const look = async (): Promise<void> => {
    const stamps = runs.stamps();
    for (const { key, stamp } of stamps) {
      const before = seen.get(key);
      // A process that is killed leaves its files as they are.
      if (before?.stamp === stamp && !before.running) continue;
      const state = await runs.state(key, before?.epochs ?? 0);
      if (state === undefined) continue;
      const running = state.status === "running";
      seen.set(key, { stamp, epochs: state.from + state.records.length, running });
      if (before?.stamp === stamp && running) continue;
      say("run", state);
    }
    const there = new Set(stamps.map(({ key }) => key));
    for (const key of seen.keys()) {
      if (there.has(key)) continue;
      seen.delete(key);
      say("gone", key);
    }
    if (!listed) say("listed", null);
    listed = true;
    if (Date.now() - spoken > BEAT) {
      spoken = Date.now();
      response.write(": still here\n\n");
    }
  };
  const again = (): void => {
    look()
      .catch(() => {
        // A file that is written this moment is whole at the next look.
      })
      .finally(() => {
        // A reader who takes nothing is waited for.
        if (!response.destroyed) timer = setTimeout(again, response.writableNeedDrain ? 10 * LOOK : LOOK);
      });
  };
  response.once("close", () => clearTimeout(timer));
  again();
}
