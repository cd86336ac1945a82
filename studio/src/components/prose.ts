// The little markup of the studio's texts: $formula$, *stress*, `code`.

export interface Part {
  readonly kind: "text" | "formula" | "stress" | "code";
  readonly text: string;
}

const KINDS = { $: "formula", "*": "stress", "`": "code" } as const;

export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(/([$*`])([^$*`]+)\1/g)) {
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    parts.push({ kind: KINDS[match[1] as keyof typeof KINDS], text: match[2] });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}
