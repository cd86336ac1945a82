// Text into SVG and HTML: escaping, short numbers, and an estimate of how wide a text will be, since no fonts can be
// measured where there is no browser.

export const fontFamily =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", sans-serif';

export function escapeMarkup(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** A coordinate with at most two decimals. */
export function short(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return String(rounded === 0 ? 0 : rounded);
}

/**
 * About how wide the text is, in the unit of `size`: a full em for Chinese, and otherwise the widths of a broad sans-serif
 * font, since a gap that is too wide does no harm and text that is cut does.
 */
export function textWidth(text: string, size: number): number {
  let ems = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x2e80) ems += 1;
    else if (/[ijl.,:;|!'()[\] ftrI]/.test(character)) ems += 0.36;
    else if (/[mwMW@%]/.test(character)) ems += 0.94;
    else if (/[A-Z−+=<>×&]/.test(character)) ems += 0.7;
    else ems += 0.61;
  }
  return ems * size;
}

/** Lines no wider than `width` as far as breaks allow: at spaces, and between Chinese characters. At most `most` lines. */
export function wrapText(text: string, size: number, width: number, most = 2): string[] {
  const pieces = text.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) ?? [];
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces) {
    if (line !== "" && textWidth((line + piece).trimEnd(), size) > width) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += piece;
  }
  if (line.trim() !== "") lines.push(line.trimEnd());
  if (lines.length <= most) return lines.map((each) => shorten(each, size, width));
  const kept = lines.slice(0, most);
  kept[most - 1] = shorten(`${kept[most - 1]} ${lines.slice(most).join(" ")}`, size, width);
  return kept;
}

/** The text, cut with an ellipsis where it is wider than `width`. */
export function shorten(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

export interface TextStyle {
  readonly fill: string;
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly weight?: number;
  /** Where `y` is in the letters. Default: the line they stand on. */
  readonly baseline?: "middle";
}

/** An SVG text element; the middle of a line is reached by a shift, which every renderer knows, unlike baselines. */
export function svgText(text: string, x: number, y: number, style: TextStyle): string {
  const size = style.size ?? 12;
  const down = style.baseline === "middle" ? y + size * 0.35 : y;
  const anchor = style.anchor === undefined || style.anchor === "start" ? "" : ` text-anchor="${style.anchor}"`;
  const weight = style.weight === undefined ? "" : ` font-weight="${style.weight}"`;
  return `<text x="${short(x)}" y="${short(down)}" font-size="${size}"${anchor}${weight} fill="${style.fill}">${escapeMarkup(text)}</text>`;
}

/** Bytes as base64, here and in every browser. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let from = 0; from < bytes.length; from += 4096) {
    binary += String.fromCharCode(...bytes.subarray(from, from + 4096));
  }
  return btoa(binary);
}
