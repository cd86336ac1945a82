// What went wrong, in the reader's language: every page shows the message of an error through `told`.
import { language } from "./language.svelte.ts";
import { inChinese, inEnglish, inner } from "./problem-texts.ts";

/** An error's message, for the reader. What nobody foresaw stands in Chinese with the program's own words. */
export function told(message: string): string {
  if (message === "" || language.current === "en") return inEnglish(message);
  return inChinese(message) ?? `出了意料之外的错：${inner(message)}。请撤销刚才的改动，或重置此页再试。`;
}

/** What was thrown, as words. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
