// The page that was read last, and where: what the table of contents offers to go on with.
import { remember, remembered } from "../state/memory.ts";
import { PAGES, type ReaderPage } from "./contents.ts";

const KEY = "read";

export function rememberPlace({ chapter }: ReaderPage, at: string): void {
  remember(KEY, JSON.stringify({ guide: chapter.guide, at }));
}

export function lastRead(): { readonly page: ReaderPage; readonly query: string } | undefined {
  try {
    const { guide, at } = JSON.parse(remembered(KEY) ?? "{}") as { guide?: string; at?: string };
    const page = PAGES.find(({ chapter }) => chapter.guide === guide);
    return page && { page, query: at ? `at=${encodeURIComponent(at)}` : "" };
  } catch {
    // What another version kept.
    return undefined;
  }
}
