// The literals of Python that headers of npy files are written in: dictionaries, tuples, lists, strings, whole numbers, True, False, None. Nothing is executed.

/** What a literal stands for; a tuple and a list are arrays both. */
export type PythonLiteral = string | number | boolean | null | PythonLiteral[] | Map<string, PythonLiteral>;

/** Deeper nesting is no header. */
const DEEPEST = 32;

/**
 * Reads one literal, with white space around it.
 * @throws SyntaxError with what stands where something else should.
 */
export function parsePythonLiteral(text: string): PythonLiteral {
  const tokens = [...text.matchAll(/\s+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+L?|[A-Za-z_]\w*|[\s\S]/g)]
    .map(([token]) => token)
    .filter((token) => token.trim() !== "");
  let at = 0;
  const expect = (wanted: string): void => {
    if (tokens[at] !== wanted) throw new SyntaxError(`${tokens[at] ?? "the end"} where ${wanted} should be`);
    at++;
  };
  const list = (close: string, depth: number): PythonLiteral[] => {
    const items: PythonLiteral[] = [];
    while (tokens[at] !== close) {
      items.push(value(depth + 1));
      if (tokens[at] !== close) expect(",");
    }
    at++;
    return items;
  };
  const value = (depth: number): PythonLiteral => {
    const token = tokens[at];
    if (token === undefined) throw new SyntaxError("it ends too early");
    if (depth > DEEPEST) throw new SyntaxError("it is nested too deeply");
    at++;
    if (token === "{") {
      const map = new Map<string, PythonLiteral>();
      while (tokens[at] !== "}") {
        const key = value(depth + 1);
        if (typeof key !== "string") throw new SyntaxError("a key that is no text");
        if (map.has(key)) throw new SyntaxError(`the key ${key} twice`);
        expect(":");
        map.set(key, value(depth + 1));
        if (tokens[at] !== "}") expect(",");
      }
      at++;
      return map;
    }
    if (token === "[") return list("]", depth);
    if (token === "(") {
      const [begin, items] = [at, list(")", depth)];
      // (4) is a number in brackets, (4,) a tuple of one.
      return items.length === 1 && tokens[at - 2] !== "," && begin < at ? items[0] : items;
    }
    if (/^-?\d/.test(token)) return Number(token.replace(/L$/, ""));
    if (/^['"]/.test(token) && token.length > 1) return token.slice(1, -1).replace(/\\(.)/g, "$1");
    if (token === "True" || token === "False") return token === "True";
    if (token === "None") return null;
    throw new SyntaxError(`${token} where a value should be`);
  };
  const result = value(0);
  if (at < tokens.length) throw new SyntaxError(`${tokens[at]} after its end`);
  return result;
}
