// A text to learn from: read whole, in UTF-8, with line ends of one kind. Poems come as JSON, too.
import { createHash } from "node:crypto";
import { extname } from "node:path";
import { readRegularFileSync } from "../src/data/file.node.ts";
import { refuseLfsPointer } from "../src/data/lfs.ts";
import { UserError } from "./errors.ts";
import { parsedJson } from "./run-schema.ts";

export interface TextFile {
  readonly text: string;
  /** SHA-256 of the text. */
  readonly sum: string;
}

/** @throws UserError if it can't be read, is no UTF-8, or holds nothing. */
export function readText(path: string): TextFile {
  let bytes: Uint8Array;
  try {
    bytes = readRegularFileSync(path);
    refuseLfsPointer(path, bytes);
  } catch (cause) {
    throw new UserError((cause as Error).message, { cause });
  }
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(`${path} is no text in UTF-8; save it as UTF-8, or name another file`, { cause });
  }
  const plain = extname(path).toLowerCase() === ".json" ? poemsIn(decoded, path) : decoded;
  const text = plain.replaceAll("\r\n", "\n");
  if (text.trim() === "")
    throw new UserError(`${path} is empty: there is nothing to learn from; name a file that holds a text`);
  return { text, sum: createHash("sha256").update(text).digest("hex") };
}

/**
 * The poems of a JSON file, as the collections of chinese-poetry have them: anywhere in it, objects with their lines as `paragraphs`. Poem after poem,
 * with an empty line between them.
 */
function poemsIn(json: string, path: string): string {
  const poems: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { paragraphs } = value as { paragraphs?: unknown };
    if (Array.isArray(paragraphs) && paragraphs.every((line) => typeof line === "string")) {
      poems.push(paragraphs.join("\n"));
    } else for (const inner of Object.values(value)) collect(inner);
  };
  collect(parsedJson(json, path, "Give a text file, or a collection of poems in JSON."));
  if (poems.length > 0) return poems.join("\n\n");
  throw new UserError(
    `${path} holds no poems: objects with a list "paragraphs" of lines; give other texts as plain text`,
  );
}
