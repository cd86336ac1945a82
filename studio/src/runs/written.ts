// Settings of runs as a table shows them.

/** Characters of a setting that are shown: a language model's settings name every character that it knows. */
const SHOWN = 40;

/** A setting as text, all of it: two that differ are written differently. */
export function written(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  return typeof value === "object" ? "…" : String(value);
}

/** As much of a text as a cell has room for, and how long it is. */
export function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= SHOWN + 10 ? text : `${characters.slice(0, SHOWN).join("")} … (${characters.length})`;
}
