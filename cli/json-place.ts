// Where a text stops being JSON. The language's own message names the place on some engines only.

/** A token of RFC 8259: punctuation, a string, a number or a name. */
const TOKEN =
  /[{}[\]:,]|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;
const SPACE = /[\t\n\r ]*/y;

/** What may come next: "first" is a value or the end of an array, "entry" a key or the end of an object. */
type Expected = "value" | "first" | "entry" | "key" | "colon" | "more";

/** Position of the first character that can't stand where it does; the text's length where it ends too early; null for JSON. */
export function endOfJson(text: string): number | null {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    const complete: boolean = open.length === 0 && expected === "more";
    if (at === text.length) return complete ? null : at;
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    const next: Expected | null = token === undefined || complete ? null : after(token, expected, open);
    if (next === null) return at;
    expected = next;
    at = TOKEN.lastIndex;
  }
}

/** What may follow the token, or null where it can't stand; opens and closes arrays and objects. */
function after(token: string, expected: Expected, open: ("{" | "[")[]): Expected | null {
  const inside = open.at(-1);
  switch (token) {
    case "{":
    case "[":
      if (expected !== "value" && expected !== "first") return null;
      open.push(token);
      return token === "{" ? "entry" : "first";
    case "}":
      if (inside !== "{" || (expected !== "entry" && expected !== "more")) return null;
      open.pop();
      return "more";
    case "]":
      if (inside !== "[" || (expected !== "first" && expected !== "more")) return null;
      open.pop();
      return "more";
    case ":":
      return expected === "colon" ? "value" : null;
    case ",":
      if (expected !== "more") return null;
      return inside === "{" ? "key" : "value";
    default:
      if (expected === "value" || expected === "first") return "more";
      return token.startsWith('"') && (expected === "key" || expected === "entry") ? "colon" : null;
  }
}

/** "line 3, column 7", both from 1 on. */
export function placeIn(text: string, position: number): string {
  const before = text.slice(0, position).split("\n");
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
